"""Writes values.json: what Keras's activations and layers of them make of numbers, and
their derivatives, beside each layer's class and config.

    KERAS_BACKEND=tensorflow python3 make.py
"""

import json
import math
import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import tensorflow as tf

layers = keras.layers
NAMES = ["linear", "relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "tanh", "sigmoid", "hard_sigmoid", "hard_silu", "softplus", "softsign", "mish", "exponential", "softmax"]
LAYERS = [layers.Activation(name) for name in NAMES] + [
    layers.ReLU(), layers.ReLU(max_value=6.0), layers.ReLU(max_value=3.0), layers.ReLU(negative_slope=0.25), layers.ReLU(threshold=1.0),
    layers.ReLU(max_value=3.0, negative_slope=0.5, threshold=1.0), layers.ReLU(max_value=6.0, negative_slope=0.5), layers.ReLU(max_value=3.0, negative_slope=0.5),
    layers.LeakyReLU(), layers.LeakyReLU(0.125), layers.ELU(), layers.ELU(0.5), layers.PReLU(), layers.PReLU(shared_axes=[1, 2]), layers.Softmax(),
]
# Ends, and numbers between them; a row has four, and two rows of three make an image.
GRID = [0, -0.0, 1, -1, 3, -3, 6, -6, 0.001, -0.001, 0.3, -0.3, 1.5, -1.5, 2.5, -2.5, 4.4, -4.4, 8, -8, 5.99, -2.99, 12, -14]
ENDS = [1000, -1000, math.inf, -math.inf, 88, -88, 104, -104, 1e-5, -1e-5, 20, -20]


def text(values):
    return [v if math.isfinite(v) else str(v) for v in map(float, np.ravel(values))]


def values(layer, x, dtype):
    layer = type(layer).from_config({**layer.get_config(), "dtype": dtype})
    x = tf.reshape(tf.constant(x, dtype), (-1, 2, 3, 2))
    layer.build(x.shape)
    if layer.weights:
        alpha = layer.weights[0]
        alpha.assign(np.reshape(np.linspace(-0.5, 1.5, int(np.prod(alpha.shape))), alpha.shape))
    factors = tf.reshape(tf.constant(np.linspace(0.5, 1.5, int(tf.size(x))), dtype), x.shape)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
        loss = tf.reduce_sum(y * factors)
    grads = tape.gradient(loss, [x] + [w.value for w in layer.trainable_weights])
    made = {"y": text(y), "dx": text(grads[0])}
    if layer.weights:
        made["dalpha"] = text(grads[1])
    return made


cases = []
for layer in LAYERS:
    config = {k: v for k, v in layer.get_config().items() if k not in ("name", "trainable", "dtype")}
    case = {"class": type(layer).__name__, "config": config, "grid": values(layer, GRID, "float64")}
    # TensorFlow's slope of leaky_relu is a float32, and so is its root of 2 in gelu.
    case["rounded"] = config.get("activation") in ("gelu", "leaky_relu") or case["class"] == "LeakyReLU"
    if case["class"] not in ("Softmax", "PReLU") and config.get("activation") != "softmax":
        case["ends"] = values(layer, ENDS, "float32")
    cases.append(case)
with open(os.path.join(os.path.dirname(__file__), "values.json"), "w") as file:
    file.write('{"grid": %s, "ends": %s, "cases": [\n' % (json.dumps(text(GRID)), json.dumps(text(ENDS))))
    file.write(",\n".join(json.dumps(case) for case in cases) + "\n]}\n")
