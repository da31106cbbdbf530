"""Writes merges.json: what Keras's layers make of small images, in float64.

    KERAS_BACKEND=tensorflow python merges.py

The network is the one of ../../merges_test.go: every merge, and every layer that moves
or scales pixels, with its gradients by all weights.
"""
import json
import os

import keras
import numpy as np
import tensorflow as tf
from keras import layers

keras.backend.set_floatx("float64")
rng = np.random.default_rng(1)


def conv(name):
    return layers.Conv2D(3, 1, name=name)


image = keras.Input((4, 4, 2), name="image")
normal = layers.Normalization(mean=[0.5, 0.25], variance=[0.25, 4.0])(image)
a = conv("a")(normal)
b = conv("b")(layers.Rescaling(2, offset=-0.5)(image))
m = layers.Multiply()([a, b])
s = layers.Subtract()([a, b])
v = layers.Average()([a, b, m])
largest = layers.Maximum()([a, b, s])
least = layers.Minimum()([m, v])
x = layers.Add()([m, s, v, largest, least])
x = layers.ReLU()(x)
gate = layers.Dense(3, name="gate")(layers.Flatten()(a))
x = layers.Multiply()([x, layers.Reshape((1, -1, 3))(gate)])
x = layers.Concatenate()([x, a])
x = layers.ZeroPadding2D(((0, 1), (2, 0)))(x)
x = conv("c")(x)
x = layers.Cropping2D(((1, 0), (0, 2)))(x)
x = layers.Normalization(mean=[0.25], variance=[4.0], invert=True)(x)
out = layers.Dense(3, name="out")(layers.Flatten()(x))
model = keras.Model(image, out)

weights = {}
for w in model.weights:
    w.assign(np.round(rng.uniform(-1, 1, w.shape), 2))
    weights[w.path.replace("/", ".")] = w
images = np.round(rng.uniform(0, 1, (3, 4, 4, 2)), 2)
labels = np.array([0, 2, 1])
with tf.GradientTape() as tape:
    logits = model(images, training=True)
    loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True))
gradients = tape.gradient(loss, [w.value for w in weights.values()])


def flat(x):
    return np.asarray(x).ravel().tolist()


with open(os.path.join(os.path.dirname(__file__), "merges.json"), "w") as f:
    json.dump({
        "images": flat(images), "labels": flat(labels),
        "weights": {n: flat(w) for n, w in weights.items()},
        "logits": flat(logits), "loss": float(loss),
        "gradients": {n: flat(g) for n, g in zip(weights, gradients)},
    }, f)
    f.write("\n")
