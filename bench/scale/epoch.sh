#!/usr/bin/env bash
# An epoch of the CNN by one process of one thread, and by two ranks of one
# thread each, in turns: what the second rank gains, and whether both learn as well: the accuracy on the test images.
#
#   bash bench/scale/epoch.sh [SEED...]
#
# Needs Open MPI and jq, and two processors that nothing else uses.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -tags mpi -o "$work/" ./cmd/cnn
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

[[ $# -gt 0 ]] || set -- 1 2 3 4 5
for seed; do
	flags="-epochs 1 -threads 1 -verbose 0 -seed $seed"
	"$work/cnn" $flags -out "$work/one-$seed" >/dev/null
	mpirun --bind-to none -n 2 "$work/cnn" $flags -out "$work/two-$seed" >/dev/null
	for run in one two; do
		jq -r --arg run "$run" --arg seed "$seed" '"\($run) seed \($seed) seconds \(.seconds) accuracy \(.test_accuracy)"' "$work/$run-$seed/result.json"
	done
done | tee "$work/table"

awk '{ n[$1]++; s[$1] += $5; a[$1] += $7 }
	END { printf "mean: one %.1f s, accuracy %.4f; two %.1f s, accuracy %.4f; two are %.2f times as fast\n",
		s["one"]/n["one"], a["one"]/n["one"], s["two"]/n["two"], a["two"]/n["two"], s["one"]/s["two"] }' "$work/table"
