"""Asks the real Keras of networks that are data, for TestKerasTakesOurConfigs and TestOursAreKerasConfigs.

    python networks.py ASKED.json ANSWERED.json

ASKED.json has configs with weights by name and images; the answer has of each the probabilities, the frozen layers and what
to_json() makes of the model. It has the configs of models of Keras's own, too.
"""
import json, os, sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
import keras as k
import numpy as np

l = k.layers


@k.saving.register_keras_serializable(package="stheno")
class Multiplied(l.Layer):
    """The twin of the test's own layer."""

    def __init__(self, times=2.0, **kwargs):
        super().__init__(**kwargs)
        self.times = times

    def call(self, x):
        return x * self.times

    def get_config(self):
        return {**super().get_config(), "times": self.times}


def answer(asked):
    model = k.models.model_from_json(asked["config"])
    weights = asked["weights"]
    for layer in model.layers:
        for v in layer.weights:
            v.assign(np.array(weights.pop(f"{layer.name}.{v.name}"), "float32").reshape(v.shape))
    assert not weights, weights
    images = np.array(asked["images"], "float32").reshape(-1, *model.input_shape[1:])
    return {
        "probabilities": model(images, training=False).numpy().ravel().tolist(),
        "frozen": [layer.name for layer in model.layers if layer.weights and not layer.trainable],
        "initializers": [type(layer.kernel_initializer).__name__ for layer in model.layers if hasattr(layer, "kernel_initializer")],
        "config": model.to_json(),
    }


def mlp(*before, **head):
    return k.Sequential([k.Input((28, 28, 1)), *before, l.Flatten(), l.Dense(512, activation="relu"), l.Dense(10, **{"activation": "softmax", **head})], name="mlp")


def cnn(**first):
    return k.Sequential([k.Input((28, 28, 1)), l.Conv2D(32, 3, **{"activation": "relu", **first}), l.Conv2D(64, 3, activation="relu"), l.Flatten(),
                         l.Dense(128, activation="relu"), l.Dense(10, activation="softmax")], name="cnn")


def chain(model, name):
    x = k.Input((28, 28, 1))
    y = x
    for layer in model.layers:
        y = layer(y)
    return k.Model(x, y, name=name)


def compiled(model):
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def frozen(model, *layers):
    for layer in layers:
        model.layers[layer].trainable = False
    return model


tail = lambda **dense: [l.Flatten(), l.Dense(10, **dense)]
behind = lambda *layers: k.Sequential([k.Input((28, 28, 1)), *layers])
read = {
    "mlp": mlp(), "cnn": cnn(), "mlp compiled": compiled(mlp()), "cnn functional": chain(cnn(), "cnn"),
    "cnn frozen": frozen(cnn(), 0, 3),
    "he_normal": cnn(kernel_initializer="he_normal"),
    "seeded": cnn(kernel_initializer=k.initializers.HeUniform(seed=3)),
    "relu layers": k.Sequential([k.Input((28, 28, 1)), l.Conv2D(32, 3), l.ReLU(), l.Conv2D(64, 3), l.Dropout(0), l.Activation("relu"), l.Flatten(),
                                 l.Dense(128, activation=l.ReLU()), l.Identity(), l.Dense(10), l.Softmax()], name="cnn"),
    "dropout": behind(l.Flatten(), l.Dense(512, activation="relu"), l.Dropout(0.2), l.Dense(10), l.Activation("softmax")),
}
refused = {
    "kernel_constraint": cnn(kernel_constraint="max_norm"), "bias_constraint": cnn(bias_constraint="non_neg"), "RandomFlip": mlp(l.RandomFlip("horizontal")),
    "no softmax follows": behind(*tail()), "noise_shape": mlp(l.Dropout(0.5, noise_shape=(None, 1, 1, 1))),
    "UnitNormalization": mlp(l.UnitNormalization()), "a model within the model": mlp(k.Sequential([l.Flatten()])), "behind softmax": behind(*tail(activation="softmax"), l.Dropout(0.5)),
    "each pixel alone": behind(l.Dense(4), *tail(activation="softmax")), "mixed_float16": cnn(dtype="mixed_float16"),
    "the axis": behind(l.Flatten(), l.Dense(10), l.Softmax(axis=0)),
}
asked = json.load(open(sys.argv[1]))
json.dump({
    "answers": {name: answer(a) for name, a in asked.items()},
    "read": {name: m.to_json() for name, m in read.items()},
    "refused": {word: m.to_json() for word, m in refused.items()},
}, open(sys.argv[2], "w"))
