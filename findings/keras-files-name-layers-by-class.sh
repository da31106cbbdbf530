#!/usr/bin/env bash
# One would guess: in a .keras file a layer's weights lie under the layer's name, and
# listing the groups of model.weights.h5 gives the layers in the model's order.
# What happens: the groups are called after the layers' classes, numbered in the
# model's order; the user's names are only attributes. HDF5 lists groups by their
# letters, so that the eleventh dense layer comes before the third.
# Keras 3.15.1 on JAX 0.10.2, h5py 3.14.0, run 2026-11-30. Output:
#   ['dense', 'dense_1', 'dense_10', 'dense_11', 'dense_2', ...]
#   layer l02, the third, is dense_2; its group has no 'l02' in its path
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check keras==3.15.1 numpy==2.4.6 jax==0.10.2 h5py==3.14.0
cat >"$dir/run.py" <<'PY'
import io, sys, zipfile
import h5py, keras

model = keras.Sequential([keras.Input((3,))] + [keras.layers.Dense(3, name=f"l{i:02d}") for i in range(12)])
model.save(sys.argv[1])
with zipfile.ZipFile(sys.argv[1]) as z:
    f = h5py.File(io.BytesIO(z.read("model.weights.h5")))
groups = list(f["layers"])
print(groups)
assert groups[:5] == ["dense", "dense_1", "dense_10", "dense_11", "dense_2"], groups
third = f["layers/dense_2/vars"]
assert third.attrs["name"] == "l02", dict(third.attrs)
print("layer l02, the third, is dense_2; its group has no 'l02' in its path")
PY
KERAS_BACKEND=jax "$dir/venv/bin/python" "$dir/run.py" "$dir/m.keras"
