"""Writes convolutions.json: what Keras's convolutions make of small images, in float64.

    KERAS_BACKEND=tensorflow python convolutions.py

The network is the one of ../../conv2d_test.go: convolutions in every way that a filter
slides, with their gradients by all weights.
"""
import json
import os

import keras
import numpy as np
import tensorflow as tf
from keras import layers

keras.backend.set_floatx("float64")
rng = np.random.default_rng(1)

image = keras.Input((7, 6, 2), name="image")
same = layers.Conv2D(4, 3, padding="same", activation="relu", name="same")(image)
outs = [
    layers.Conv2D(3, (2, 4), strides=(2, 3), padding="same", name="even")(same),
    layers.Conv2D(2, 3, strides=2, padding="same", name="uneven")(same),
    layers.Conv2D(2, 3, dilation_rate=(2, 1), use_bias=False, name="apart")(same),
    layers.Conv2D(4, 2, groups=2, activation="relu", name="groups")(same),
    layers.Conv2D(3, 1, strides=(3, 2), name="points")(same),
]
x = layers.Concatenate()([layers.Flatten()(x) for x in outs])
model = keras.Model(image, layers.Dense(3, name="out")(x))

weights = {}
for w in model.weights:
    w.assign(np.round(rng.uniform(-1, 1, w.shape), 2))
    weights[w.path.replace("/", ".")] = w
images = np.round(rng.uniform(0, 1, (2, 7, 6, 2)), 2)
labels = np.array([2, 1])


@tf.function(jit_compile=True)  # without XLA, TensorFlow has no gradient of groups on a CPU
def step():
    with tf.GradientTape() as tape:
        logits = model(images, training=True)
        loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True))
    return logits, loss, tape.gradient(loss, [w.value for w in weights.values()])


logits, loss, gradients = step()


def flat(x):
    return np.asarray(x).ravel().tolist()


with open(os.path.join(os.path.dirname(__file__), "convolutions.json"), "w") as f:
    json.dump({
        "images": flat(images), "labels": flat(labels),
        "weights": {n: flat(w) for n, w in weights.items()},
        "logits": flat(logits), "loss": float(loss),
        "gradients": {n: flat(g) for n, g in zip(weights, gradients)},
    }, f)
    f.write("\n")
