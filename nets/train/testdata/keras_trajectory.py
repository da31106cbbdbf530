"""What Keras makes of a network step by step, for keras_trajectory_test.go.

usage: python3 keras_trajectory.py < TASK > RESULT
TASK: floatx, steps and batch; beta_1, beta_2 and epsilon of Adam; paths of the network's config as Keras has it, of its
first weights in safetensors, and of the images' bytes; their shape (N,H,W,C) and labels.
RESULT: losses (of each step, before its update) and states (of the moving moments, after the last).
"""
import json, os, sys
os.environ["KERAS_BACKEND"], os.environ["TF_CPP_MIN_LOG_LEVEL"] = "tensorflow", "3"
import keras
import numpy as np
import tensorflow as tf
from safetensors.numpy import load_file

task = json.load(sys.stdin)
floatx = task["floatx"]
keras.config.set_floatx(floatx)
with open(task["config"]) as f:
    model = keras.models.model_from_json(f.read().replace('"float32"', f'"{floatx}"'))
model.layers[-1].activation = keras.activations.linear  # the loss takes logits
weights = load_file(task["weights"])
for layer in model.layers:
    layer.set_weights([weights[f"{layer.name}.{v.name}"] for v in layer.weights])
assert {v.dtype for v in model.weights} == {floatx}
pixels = np.fromfile(task["images"], np.uint8).reshape(task["shape"])
images, labels = tf.constant(pixels.astype(floatx) / 255), tf.constant(task["labels"])
optimizer = keras.optimizers.Adam(1e-3, **{name: task[name] for name in ("beta_1", "beta_2", "epsilon")})
optimizer.build(model.trainable_variables)
loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
batch = task["batch"]


@tf.function
def step(i):
    x, y = images[i : i + batch], labels[i : i + batch]
    with tf.GradientTape() as tape:
        loss = loss_of(y, model(x, training=True))
    optimizer.apply(tape.gradient(loss, model.trainable_variables))
    return loss


rows = len(pixels) // batch * batch
losses = [float(step(tf.constant(k * batch % rows))) for k in range(task["steps"])]
states = {f"{l.name}.{v.name}": v.numpy().ravel().tolist() for l in model.layers for v in l.non_trainable_weights}
json.dump({"losses": losses, "states": states}, sys.stdout)
