"""Keras on TensorFlow: its layers, loss and Adam in one tf.function, with or without XLA, whichever is faster."""
import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
from common import batch, data, fastest, need, net, serve, starts, threads, weights

tf, keras = need("tensorflow", "keras")
from keras import layers

tf.config.threading.set_intra_op_parallelism_threads(threads)
tf.config.threading.set_inter_op_parallelism_threads(threads)
images, labels = data()
w = weights()
X, Y = tf.constant(images), tf.constant(labels)


def network():
    convs = []
    if net == "cnn":
        convs = [layers.Conv2D(32, 3, activation="relu"), layers.Conv2D(64, 3, activation="relu")]
    units = {"mlp": 512, "cnn": 128}[net]
    rest = [layers.Flatten(), layers.Dense(units, activation="relu"), layers.Dense(10)]
    model = keras.Sequential([keras.Input(images.shape[1:]), *convs, *rest])
    model.set_weights(list(w.values()))  # of the same order and layouts
    return model


def trainer(xla):
    model = network()
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.Adam(1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-7)
    optimizer.build(model.trainable_variables)
    rows = starts(images)

    @tf.function(jit_compile=xla)
    def step(i):
        x = tf.slice(X, [i, 0, 0, 0], [batch, *X.shape[1:]])
        y = tf.slice(Y, [i], [batch])
        with tf.GradientTape() as tape:
            loss = loss_of(y, model(x, training=True))
        optimizer.apply(tape.gradient(loss, model.trainable_variables))
        return loss

    return lambda: float(step(tf.constant(next(rows))))


makers = {name: lambda xla=xla: trainer(xla) for name, xla in (("without XLA", False), ("with XLA", True))}
name = fastest(makers)
serve(f"{keras.__version__} on TensorFlow {tf.__version__}", "tf.function " + name, makers[name]())
