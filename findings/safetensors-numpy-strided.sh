#!/usr/bin/env bash
# One would guess: safetensors.numpy.save_file writes the values of the array it is
# given, or refuses an array that is not contiguous, as safetensors.torch does.
# What happens: of a transposed array it writes the memory as it lies under the
# transposed shape, without a word. Versions before 0.8.0 wrote it right.
# safetensors 0.8.0 and 0.7.0, NumPy 2.4.6, run 2026-11-30. Output:
#   0.7.0: saved [[0, 3], [1, 4], [2, 5]], read [[0, 3], [1, 4], [2, 5]]
#   0.8.0: saved [[0, 3], [1, 4], [2, 5]], read [[0, 1], [2, 3], [4, 5]]
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/run.py" <<'PY'
import sys
import numpy as np, safetensors
from safetensors.numpy import load_file, save_file

x = np.arange(6, dtype=np.int64).reshape(2, 3).T
save_file({"x": x}, sys.argv[1])
print(f"{safetensors.__version__}: saved {x.tolist()}, read {load_file(sys.argv[1])['x'].tolist()}")
PY
out=
for version in 0.7.0 0.8.0; do
	python3 -m venv "$dir/$version"
	"$dir/$version/bin/pip" install -q --disable-pip-version-check safetensors==$version numpy==2.4.6
	out+=$("$dir/$version/bin/python" "$dir/run.py" "$dir/x.safetensors")$'\n'
done
echo "$out"
[[ $out == "0.7.0: saved [[0, 3], [1, 4], [2, 5]], read [[0, 3], [1, 4], [2, 5]]
0.8.0: saved [[0, 3], [1, 4], [2, 5]], read [[0, 1], [2, 3], [4, 5]]
" ]]
