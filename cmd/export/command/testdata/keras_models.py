"""Saves models as Keras does, and writes what they say of some images: keras_test.go holds the export of each to it.

    keras_models.py FOLDER

Of each model there are NAME.keras and, in models.json, name, network and probabilities. The images (4,6,6,1) are in it
too. What a model is called begins with "right" if the export has to be right, else with "refused".
"""
import json, os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras, numpy as np
from keras import layers as L

folder = sys.argv[1]
keras.utils.set_random_seed(1)
images = np.random.default_rng(1).random((4, 6, 6, 1), dtype=np.float32)
normal = dict(bias_initializer="random_normal")
Input = lambda *shape: keras.Input(shape or (6, 6, 1))
hidden = lambda act="relu", **k: L.Dense(512, act, **normal, **k)
out = lambda act="softmax", **k: L.Dense(3, act, **normal, **k)
model = lambda *layers: keras.Sequential([Input(), *layers])
mlp = lambda *before, act="relu", between=(), last="softmax", after=(): model(*before, L.Flatten(), hidden(act), *between, out(last), *after)

def cnn(a={}, b={}, between=(), behind=(), act="relu"):
    conv = lambda n, k: L.Conv2D(n, **{"kernel_size": 3, "activation": "relu", **normal, **k})
    return model(conv(32, a), conv(64, b), *between, L.Flatten(), *behind, L.Dense(128, act, **normal), out())

def functional(make):
    image = Input()
    return keras.Model(image, make(image))

@keras.saving.register_keras_serializable()
class Doubled(L.Dense):
    def call(self, x, training=None): return 2 * super().call(x)

@keras.saving.register_keras_serializable(name="Dense")
class Dense(Doubled): pass

@keras.saving.register_keras_serializable()
class Net(keras.Model):
    def __init__(self, **k):
        super().__init__(**k)
        self.flat, self.hidden, self.out = L.Flatten(), hidden(), out()
    def call(self, x): return self.out(self.hidden(self.flat(x)))

def backwards():  # names, and the order in which layers were made, say nothing
    last, first = out(name="a"), hidden(name="b")
    return functional(lambda i: last(first(L.Flatten()(i))))

def shared():
    twice = L.Dense(512, "relu")
    return functional(lambda i: out()(twice(twice(hidden()(L.Flatten()(i))))))

def subclassed():
    net = Net()
    net(images)
    return net

def lora():
    net = mlp()
    net.layers[1].enable_lora(2)
    net.layers[1].lora_kernel_b.assign(np.full((2, 512), .1, np.float32))
    return net

def quantized():
    net = mlp()
    net.quantize("int8")
    return net

def halves():
    keras.config.set_dtype_policy("mixed_float16")
    try: return mlp()
    finally: keras.config.set_dtype_policy("float32")

models = {
    "right: mlp": mlp, "right: cnn": cnn, "right: made backwards": backwards, "right: LoRA": lora,
    "right: functional": lambda: functional(lambda i: out()(hidden()(L.Flatten()(i)))),
    "right: dropout, noise": lambda: cnn(between=(L.SpatialDropout2D(.2), L.GaussianNoise(.5)), behind=(L.Dropout(.5),)),
    "right: augmentation": lambda: mlp(L.RandomFlip(), L.RandomRotation(.1), L.RandomZoom(.1), L.RandomTranslation(.1, .1), L.RandomContrast(.1), L.RandomBrightness(.1)),
    "right: augmentation of a Functional model": lambda: functional(lambda i: out()(hidden()(L.Flatten()(L.RandomFlip()(i))))),
    "right: activations as layers": lambda: mlp(act=None, between=(L.Dropout(.5), L.ReLU()), last=None, after=(L.Softmax(),)),
    "right: relu behind Flatten": lambda: cnn(b={"activation": None}, behind=(L.Activation("relu"),)),
    "right: what is for training": lambda: model(L.Flatten(), hidden(kernel_regularizer="l2", kernel_constraint="non_neg", activity_regularizer="l1"), out(trainable=False)),

    "refused: no activation": lambda: mlp(act=None), "refused: logits": lambda: mlp(last=None),
    "refused: tanh": lambda: mlp(act="tanh"), "refused: relu6": lambda: mlp(act="relu6"), "refused: sigmoid": lambda: mlp(last="sigmoid"),
    "refused: LeakyReLU": lambda: mlp(act=None, between=(L.LeakyReLU(),)), "refused: ELU": lambda: mlp(act=None, between=(L.ELU(),)),
    "refused: ReLU(1)": lambda: mlp(act=None, between=(L.ReLU(1.0),)), "refused: softmax in between": lambda: mlp(act="softmax"),
    "refused: softmax over images": lambda: mlp(last=None, after=(L.Softmax(axis=0),)),
    "refused: relu in another place": lambda: cnn(behind=(L.ReLU(),), act=None),
    "refused: Rescaling": lambda: mlp(L.Rescaling(2.0, -1.0)), "refused: Rescaling(1/255)": lambda: mlp(L.Rescaling(1 / 255)),
    "refused: Normalization": lambda: mlp(L.Normalization(mean=.1, variance=.2)), "refused: BatchNormalization": lambda: mlp(between=(L.BatchNormalization(),)),
    "refused: Permute": lambda: mlp(L.Permute((2, 1, 3))), "refused: Lambda": lambda: mlp(L.Lambda(lambda x: 1 - x)),
    "refused: 1 - x": lambda: functional(lambda i: out()(hidden()(L.Flatten()(1 - i)))),
    "refused: h + h": lambda: functional(lambda i: out()((lambda h: h + h)(hidden()(L.Flatten()(i))))),
    "refused: dropout in prediction": lambda: functional(lambda i: out()(hidden()(L.Flatten()(L.Dropout(.5)(i, training=True))))),
    "refused: padding": lambda: cnn({"padding": "same"}, {"padding": "same"}), "refused: strides": lambda: cnn({}, {"strides": 2}),
    "refused: dilation": lambda: cnn({}, {"kernel_size": 2, "dilation_rate": 2}), "refused: groups": lambda: cnn({}, {"groups": 2}), "refused: no bias": lambda: cnn({"use_bias": False}),
    "refused: pooling": lambda: cnn(between=(L.MaxPooling2D(),)), "refused: channels first": lambda: cnn(between=(L.Flatten(data_format="channels_first"),)),
    "refused: other sides": lambda: keras.Sequential([Input(4, 9, 1), L.Flatten(), hidden(), out()]),
    "refused: rows": lambda: keras.Sequential([Input(36), hidden(), out()]),
    "refused: nested": lambda: model(L.Flatten(), keras.Sequential([hidden()]), out()), "refused: shared": shared,
    "refused: two outputs": lambda: functional(lambda i: [out()(L.Flatten()(i)), out()(L.Flatten()(i))]),
    "refused: a layer of one's own": lambda: model(L.Flatten(), Doubled(512, "relu"), out()),
    "refused: a Dense of one's own": lambda: model(L.Flatten(), Dense(512, "relu"), out()), "refused: a model of one's own": subclassed,
    "refused: int8": quantized, "refused: mixed_float16": halves,
}
said = []
for i, (name, make) in enumerate(models.items()):
    m = make()
    m.save(f"{folder}/{i}.keras")
    # training=False, as predict has it: augmentation augments without it
    p = np.asarray(m(images, training=False)).ravel().tolist() if name.startswith("right") else []
    said.append({"name": name, "network": "cnn" if any(isinstance(l, L.Conv2D) for l in m.layers) else "mlp", "probabilities": p})
with open(f"{folder}/models.json", "w") as f:
    json.dump({"images": images.ravel().tolist(), "models": said}, f)
