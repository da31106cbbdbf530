"""Writes steps.json: 20 steps of a small network with batch normalization in Keras 3,
in float64, on numbers that a formula gives (see TestBatchNormalizationIsKeras):

    KERAS_BACKEND=tensorflow python steps.py
"""
import json
import numpy as np
import keras
import tensorflow as tf

keras.config.set_floatx("float64")


def numbers(shape, times, plus, modulo, scale):
    n = np.arange(int(np.prod(shape)), dtype=np.int64)
    return (((n * times + plus) % modulo) / scale).reshape(shape)


def run(layers, shape):
    model = keras.Sequential([keras.Input(shape), *layers, keras.layers.Flatten(), keras.layers.Dense(3)])
    for i, w in enumerate(model.trainable_weights):
        if w.name in ("kernel", "gamma"):
            w.assign(numbers(w.shape, 37, 17 + i, 101, 100) - (0.5 if w.name == "kernel" else -0.5))
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.SGD(0.1, momentum=0.5)
    out = {"losses": [], "states": []}
    for step in range(20):
        rows = 1 if step == 19 else 6  # the last batch has one row
        x = numbers((rows, *shape), 7919, 104729 * step, 1009, 1009.0)
        y = (np.arange(rows) * 5 + step) % 3
        with tf.GradientTape() as tape:
            loss = loss_of(y, model(x, training=True))
        optimizer.apply(tape.gradient(loss, model.trainable_weights), model.trainable_weights)
        out["losses"].append(float(loss))
        out["states"].append([v.numpy().tolist() for v in model.non_trainable_weights if v.name.startswith("moving_")])
    out["logits"] = model(numbers((2, *shape), 7919, 1, 1009, 1009.0), training=False).numpy().ravel().tolist()
    return out


L = keras.layers
result = {
    "images": run([L.Conv2D(3, 3), L.BatchNormalization(momentum=0.9), L.ReLU(), L.Conv2D(4, 2), L.BatchNormalization(scale=False, epsilon=0.01), L.Activation("relu")], (6, 5, 2)),
    "rows": run([L.Flatten(), L.Dense(5), L.BatchNormalization(center=False), L.LayerNormalization(), L.ReLU()], (3, 2, 1)),
    "pixels": run([L.Conv2D(4, 2), L.LayerNormalization(center=False, epsilon=0.1), L.ReLU()], (4, 3, 2)),
}
frozen = L.BatchNormalization()
frozen.trainable = False
result["frozen"] = run([L.Conv2D(3, 3), frozen, L.ReLU()], (6, 5, 2))
with open("steps.json", "w") as f:
    json.dump(result, f)
    f.write("\n")
