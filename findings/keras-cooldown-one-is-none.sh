#!/usr/bin/env bash
# One would guess: ReduceLROnPlateau(cooldown=1) waits one epoch more after each cut
# than cooldown=0 does.
# What happens: the counter is decremented before it is looked at, so the one epoch of
# cooldown is over at once: cooldown=1 and cooldown=0 cut in the same epochs.
# Keras 3.15.1 on JAX 0.10.2, run 2026-11-30. Output:
#   cooldown 0: cuts after epochs [3, 5, 7]
#   cooldown 1: cuts after epochs [3, 5, 7]
#   cooldown 2: cuts after epochs [3, 6]
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check keras==3.15.1 numpy==2.4.6 jax==0.10.2 h5py==3.14.0
cat >"$dir/run.py" <<'PY'
import keras

for cooldown in range(3):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.optimizer = keras.optimizers.SGD(1.0)
    plateau = keras.callbacks.ReduceLROnPlateau(monitor="val_loss", mode="min", patience=2, cooldown=cooldown)
    plateau.set_model(model)
    plateau.on_train_begin()
    cuts, rate = [], 1.0
    for epoch in range(1, 9):
        plateau.on_epoch_end(epoch, {"val_loss": 1.0})
        now = float(model.optimizer.learning_rate)
        if now < rate:
            cuts.append(epoch)
        rate = now
    print(f"cooldown {cooldown}: cuts after epochs {cuts}")
PY
out=$(KERAS_BACKEND=jax "$dir/venv/bin/python" "$dir/run.py")
echo "$out"
[[ $out == "cooldown 0: cuts after epochs [3, 5, 7]
cooldown 1: cuts after epochs [3, 5, 7]
cooldown 2: cuts after epochs [3, 6]" ]]
