#!/usr/bin/env bash
# One would guess: a model whose activation is a user's own function is saved with the
# function's registered name, or loading it without custom_objects is an error.
# What happens: a function that bears the name of one of Keras's own activations is saved
# as that name, and load_model gives a model that computes something else, without a
# word. No reader of the file can tell.
# Keras 3.15.1 on JAX 0.10.2, run 2026-11-30. Output: built 6.0, loaded 3.0
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check keras==3.15.1 numpy==2.4.6 jax==0.10.2 h5py==3.14.0
cat >"$dir/run.py" <<'PY'
import sys
import keras, numpy as np


def relu(x):
    return 2 * keras.ops.relu(x)


model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, activation=relu, kernel_initializer="ones")])
model.save(sys.argv[1])
x = np.array([[3.0]], "float32")
print(f"built {model.predict(x, verbose=0)[0, 0]:.1f}, loaded {keras.models.load_model(sys.argv[1]).predict(x, verbose=0)[0, 0]:.1f}")
PY
out=$(KERAS_BACKEND=jax "$dir/venv/bin/python" "$dir/run.py" "$dir/m.keras")
echo "$out"
[[ $out == "built 6.0, loaded 3.0" ]]
