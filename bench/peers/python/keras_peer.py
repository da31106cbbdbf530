"""Keras on TensorFlow: its layers, loss and Adam in one tf.function, with or without XLA, whichever is faster."""
import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
from common import batch, data, fastest, need, serve, starts, threads

tf, keras = need("tensorflow", "keras")
from keras_common import adam, loss_of, model

tf.config.threading.set_intra_op_parallelism_threads(threads)
tf.config.threading.set_inter_op_parallelism_threads(threads)
images, labels = data()
X, Y = tf.constant(images), tf.constant(labels)
shape = [batch, *images.shape[1:]]
del images


def trainer(xla, dropout=True):
    network, rows = model(dropout), starts(labels)
    optimizer = adam(network.trainable_variables)

    @tf.function(jit_compile=xla)
    def step(i):
        x = tf.slice(X, [i, 0, 0, 0], shape)
        y = tf.slice(Y, [i], [batch])
        with tf.GradientTape() as tape:
            loss = loss_of(y, network(x, training=True))
        optimizer.apply(tape.gradient(loss, network.trainable_variables))
        return loss

    return lambda: float(step(tf.constant(next(rows))))


ways = {"without XLA": False, "with XLA": True}
choice = fastest({name: lambda xla=xla: trainer(xla) for name, xla in ways.items()})
version = f"{keras.__version__} on TensorFlow {tf.__version__}"
serve(version, "tf.function " + choice, choice, trainer(ways[choice]), lambda: trainer(ways[choice], dropout=False))
