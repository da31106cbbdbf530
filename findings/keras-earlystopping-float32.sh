#!/usr/bin/env bash
# One would guess: EarlyStopping(min_delta=0.1) counts 0.8 -> 0.7 as an improvement of
# 0.1, or as none, by ordinary arithmetic on Python's floats.
# What happens: the difference is taken in float64 and compared in float32, so what
# float64 tells apart is a tie, and a tie is no improvement. 0.8 - 0.1 is
# 0.7000000000000001 in float64, above 0.7: an improvement. Keras sees none and stops.
# Ties at the edge of min_delta are common: accuracies are fractions of small sets.
# Keras 3.15.1 on JAX 0.10.2, run 2026-11-30. Output: stopped after epoch 4
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check keras==3.15.1 numpy==2.4.6 jax==0.10.2 h5py==3.14.0
cat >"$dir/run.py" <<'PY'
import keras

losses = [0.8, 0.7, 0.7, 0.7, 0.7, 0.7]
assert losses[1] < losses[0] - 0.1, "in float64 it is an improvement"
model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
stopping = keras.callbacks.EarlyStopping(monitor="val_loss", mode="min", min_delta=0.1, patience=3)
model.stop_training = False
stopping.set_model(model)
stopping.on_train_begin()
for epoch, loss in enumerate(losses):
    stopping.on_epoch_end(epoch, {"val_loss": loss})
    if model.stop_training:
        break
print("stopped after epoch", epoch + 1)
PY
out=$(KERAS_BACKEND=jax "$dir/venv/bin/python" "$dir/run.py")
echo "$out"
[[ $out == "stopped after epoch 4" ]]
