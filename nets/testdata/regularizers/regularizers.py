"""Writes regularizers.json: losses of a network with Keras's regularizers, in float64.

    KERAS_BACKEND=tensorflow python regularizers.py

The network is the one of ../../regularizer_test.go. Its loss is what fit minimizes:
the cross-entropy and model.losses; evaluated is that of evaluate.
"""
import json
import os

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from keras.regularizers import L1, L1L2, L2

keras.backend.set_floatx("float64")
rng = np.random.default_rng(1)
model = keras.Sequential([
    keras.Input((2, 2, 1)),
    layers.Flatten(),
    layers.Dense(4, activation="relu", kernel_regularizer=L1L2(0.25, 0.125), bias_regularizer=L2(0.5), activity_regularizer=L1(0.0625)),
    layers.Dense(4, kernel_regularizer=L2(1), bias_regularizer=L2(1), activity_regularizer=L2(0.125), trainable=False),
    layers.ReLU(),
    layers.BatchNormalization(gamma_regularizer=L2(0.25), beta_regularizer=L1(0.5)),
    layers.Dense(3, activity_regularizer=L1L2(0.125, 0.25)),
])
weights = {}
for w in model.weights:
    w.assign(np.round(rng.uniform(0.1, 1, w.shape) * rng.choice([1] if "variance" in w.path else [-1, 1], w.shape), 2))
    weights["%s.%s" % tuple(w.path.split("/")[-2:])] = w
images = np.round(rng.uniform(0, 1, (3, 2, 2, 1)), 2)
labels = np.array([0, 2, 1])
cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
trained = {n: w for n, w in weights.items() if w.trainable}
with tf.GradientTape() as tape:
    logits = model(images, training=True)
    loss = cross_entropy(labels, logits) + tf.add_n(model.losses)
gradients = tape.gradient(loss, [w.value for w in trained.values()])


def flat(x):
    return np.asarray(x).ravel().tolist()


found = {
    "images": flat(images), "labels": flat(labels),
    "weights": {n: flat(w) for n, w in weights.items()},  # as the moving ones are before
    "logits": flat(logits), "loss": float(loss),
    "gradients": {n: flat(g) for n, g in zip(trained, gradients)},
}
for name in "moving_mean", "moving_variance":  # training has moved them
    w = weights["batch_normalization." + name]
    found["weights"]["batch_normalization." + name] = w.numpy().tolist()
model.compile("sgd", cross_entropy)
found["evaluated"] = model.evaluate(images, labels, batch_size=2, verbose=0)
with open(os.path.join(os.path.dirname(__file__), "regularizers.json"), "w") as f:
    json.dump(found, f)
    f.write("\n")
