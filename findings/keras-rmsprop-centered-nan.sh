#!/usr/bin/env bash
# One would guess: RMSprop(centered=True) cannot divide by less than the root of epsilon,
# as epsilon is added below the root, to a variance, which is never negative.
# What happens: the variance is E[g^2] - E[g]^2 of two averages, each rounded to float32.
# Where a gradient stays the same the two cancel, and what is left is rounding, which grows
# with g^2 and may be far below -epsilon: the root is NaN, and so is the weight from then on.
# That the training went well for a hundred steps says nothing; without centered, or with
# epsilon above the rounding (0.01 here), no weight is lost.
# Keras 3.15.1 on JAX 0.10.2, run 2026-12-01. Output:
#   134 weights, whose gradients are always 100, 101, ..., 233, after 160 steps:
#   centered: 24 are NaN, the first from step 135; least variance -0.0078125
#   centered, epsilon 0.01: 0 are NaN
#   not centered: 0 are NaN
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check keras==3.15.1 numpy==2.4.6 jax==0.10.2 h5py==3.14.0
cat >"$dir/run.py" <<'PY'
import keras, numpy as np

GRADIENT = np.arange(100, 234, dtype="float32")
STEPS = 160


def lost(optimizer):
    """How many weights are NaN, and since which step the first is."""
    w = keras.Variable(np.zeros_like(GRADIENT))
    optimizer.build([w])
    first = None
    for step in range(1, STEPS + 1):
        optimizer.apply_gradients([(keras.ops.convert_to_tensor(GRADIENT), w)])
        count = int(np.isnan(np.asarray(w)).sum())
        if count and first is None:
            first = step
    return count, first


print(f"{len(GRADIENT)} weights, whose gradients are always 100, 101, ..., 233, after {STEPS} steps:")
centered = keras.optimizers.RMSprop(centered=True)
count, first = lost(centered)
state = {v.path.split("_")[-1]: np.asarray(v) for v in centered.variables}
variance = state["velocity"] - np.square(state["gradient"])
print(f"centered: {count} are NaN, the first from step {first}; least variance {variance.min()}")
print(f"centered, epsilon 0.01: {lost(keras.optimizers.RMSprop(centered=True, epsilon=0.01))[0]} are NaN")
print(f"not centered: {lost(keras.optimizers.RMSprop())[0]} are NaN")
PY
out=$(KERAS_BACKEND=jax "$dir/venv/bin/python" "$dir/run.py")
echo "$out"
[[ $out == "134 weights, whose gradients are always 100, 101, ..., 233, after 160 steps:
centered: 24 are NaN, the first from step 135; least variance -0.0078125
centered, epsilon 0.01: 0 are NaN
not centered: 0 are NaN" ]]
