#!/usr/bin/env bash
# One would guess: with floatx float64, and every variable and gradient in float64, a
# training is float64 throughout, and SGD's momentum of 0.9 is Python's 0.9.
# What happens on TensorFlow: settings that Keras casts to the variable's type (SGD's
# momentum, the betas of Adam's bias correction, weight decay, the factors of L1 and L2)
# become float32 first, as tf.cast makes a tensor of a Python float. 0.9 is then
# 0.8999999761581421, and 0.875, exact in float32, stays. The learning rate is a variable
# and exact, and so are the betas where Adam multiplies by 1 - beta: one beta, two values.
# The error is not always near float32's 6e-08: Adam's 1 - 0.999^t takes it to 3e-06.
# Keras 3.15.1 on TensorFlow 2.21.0, run 2026-12-01. Output, relative to numpy in float64:
#   SGD, momentum 0.9: 9e-08 off after 50 steps; 0e+00 with float32's 0.9
#   SGD, momentum 0.875: 0e+00 off after 50 steps; 0e+00 with float32's 0.875
#   Adam, betas 0.9 and 0.999: 3e-06 off after 50 steps; below 1e-12 with float32's
#   SGD, weight decay 0.1: 7e-10 off after 50 steps; 0e+00 with float32's 0.1
#   L2 of 0.1 at 3: 0.9000000134110451
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check keras==3.15.1 numpy==2.4.6 tensorflow-cpu==2.21.0 h5py==3.14.0
cat >"$dir/run.py" <<'PY'
import keras, numpy as np

keras.config.set_floatx("float64")
RATE, GOAL, STEPS = 0.0625, 0.25, 50  # each exact in float32; the loss is (w - GOAL)^2


def single(x):
    return float(np.float32(x))


def trained(optimizer):
    w = keras.Variable(np.array([1.0]))
    assert w.dtype == "float64" and optimizer.learning_rate.dtype == "float64"
    optimizer.build([w])
    for _ in range(STEPS):
        optimizer.apply_gradients([(2 * (w - GOAL), w)])
    return float(w.numpy()[0])


def sgd(momentum=0.0, decay=0.0):
    w, m = 1.0, 0.0
    for _ in range(STEPS):
        m = m * momentum - 2 * (w - GOAL) * RATE
        w = w - w * decay * RATE + m
    return w


def adam(correction):
    w, m, v = 1.0, 0.0, 0.0
    b1, b2 = correction(0.9), correction(0.999)
    for t in range(1, STEPS + 1):
        g = 2 * (w - GOAL)
        m += (g - m) * (1 - 0.9)
        v += (g * g - v) * (1 - 0.999)
        w -= RATE * (1 - b2**t) ** 0.5 / (1 - b1**t) * m / (v**0.5 + 1e-7)
    return w


def off(found, right):
    return abs(found - right) / abs(right)


for x in (0.9, 0.875):
    w = trained(keras.optimizers.SGD(RATE, momentum=x))
    print(f"SGD, momentum {x}: {off(w, sgd(x)):.0e} off after {STEPS} steps; {off(w, sgd(single(x))):.0e} with float32's {x}")
w = trained(keras.optimizers.Adam(RATE, epsilon=1e-7))
near = "below 1e-12" if off(w, adam(single)) < 1e-12 else f"{off(w, adam(single)):.0e}"
print(f"Adam, betas 0.9 and 0.999: {off(w, adam(float)):.0e} off after {STEPS} steps; {near} with float32's")
w = trained(keras.optimizers.SGD(RATE, weight_decay=0.1))
print(f"SGD, weight decay 0.1: {off(w, sgd(decay=0.1)):.0e} off after {STEPS} steps; {off(w, sgd(decay=single(0.1))):.0e} with float32's 0.1")
print("L2 of 0.1 at 3:", float(keras.regularizers.L2(0.1)(np.array([3.0]))))
PY
out=$(KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 "$dir/venv/bin/python" "$dir/run.py" 2>"$dir/log") || { cat "$dir/log"; exit 1; }
echo "$out"
[[ $out == "SGD, momentum 0.9: 9e-08 off after 50 steps; 0e+00 with float32's 0.9
SGD, momentum 0.875: 0e+00 off after 50 steps; 0e+00 with float32's 0.875
Adam, betas 0.9 and 0.999: 3e-06 off after 50 steps; below 1e-12 with float32's
SGD, weight decay 0.1: 7e-10 off after 50 steps; 0e+00 with float32's 0.1
L2 of 0.1 at 3: 0.9000000134110451" ]]
