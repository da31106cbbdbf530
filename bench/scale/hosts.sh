#!/usr/bin/env bash
# Four hosts on one machine, to measure ranks over a network: each is a network
# namespace with a link of so many Mbit/s (tc tbf) to a common bridge.
#
#   bash bench/scale/hosts.sh [-h HOSTS] [-r MBIT] COMMAND [ARGUMENT...]
#
#   go build -tags mpi -o bin/ ./bench/scale ./cmd/cnn
#   bash bench/scale/hosts.sh -h 4 -r 1000 bin/scale -rounds 3
#
# starts COMMAND as one rank on each host. Needs root (CAP_NET_ADMIN and
# CAP_SYS_ADMIN), iproute2 and Open MPI; takes all that it made away at the end.
set -euo pipefail
. "$(dirname "$0")/net.sh"

options 4 "$@"
set -- "${line[@]}"

claim_hosts
work=$(mktemp -d)
clean() {
	remove_hosts "$hosts"
	rm -rf "$work"
}
trap clean EXIT
build_hosts "$hosts" "$rate"
write_agent "$work/agent" # by which mpirun starts its daemons, instead of ssh

list=
for ((i = 1; i <= hosts; i++)); do list+=$network.$i:1,; done
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
"$work/agent" "$network.1" mpirun --bind-to none --host "${list%,}" -n "$hosts" \
	--mca plm_rsh_agent "$work/agent" --mca btl tcp,self \
	--mca btl_tcp_if_include "$network.0/24" --mca oob_tcp_if_include "$network.0/24" \
	"$(printf '%q ' "$@")"
