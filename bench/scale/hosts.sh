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

hosts=4 rate=1000
while getopts h:r: option; do
	case $option in
	h) hosts=$OPTARG ;;
	r) rate=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[[ $# -gt 0 ]] || { echo "usage: hosts.sh [-h HOSTS] [-r MBIT] COMMAND [ARGUMENT...]" >&2; exit 2; }

work=$(mktemp -d)
name() { echo "stheno$1"; }
clean() {
	for ((i = 1; i <= hosts; i++)); do ip netns del "$(name "$i")" 2>/dev/null || true; done
	ip link del stheno-br 2>/dev/null || true
	rm -rf "$work"
}
trap clean EXIT

ip link add stheno-br type bridge
ip link set stheno-br up
for ((i = 1; i <= hosts; i++)); do
	ip netns add "$(name "$i")"
	ip link add "stheno-v$i" type veth peer name eth0 netns "$(name "$i")"
	ip link set "stheno-v$i" master stheno-br up
	ip -n "$(name "$i")" addr add "10.77.0.$i/24" dev eth0
	ip -n "$(name "$i")" link set eth0 up
	ip -n "$(name "$i")" link set lo up
	# Both ways: what a host sends, and what the bridge sends to it.
	tc -n "$(name "$i")" qdisc add dev eth0 root tbf rate "${rate}mbit" burst 256kb latency 50ms
	tc qdisc add dev "stheno-v$i" root tbf rate "${rate}mbit" burst 256kb latency 50ms
done

# mpirun starts its daemons by this instead of ssh: agent HOST COMMAND...
cat >"$work/agent" <<'AGENT'
#!/bin/sh
host=stheno${1##*.}
shift
exec ip netns exec "$host" unshare -u sh -c 'hostname "$0"; eval "$@"' "$host" "$@"
AGENT
chmod +x "$work/agent"

list=
for ((i = 1; i <= hosts; i++)); do list+=10.77.0.$i:1,; done
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
"$work/agent" 10.77.0.1 mpirun --bind-to none --host "${list%,}" -n "$hosts" \
	--mca plm_rsh_agent "$work/agent" --mca btl tcp,self \
	--mca btl_tcp_if_include 10.77.0.0/24 --mca oob_tcp_if_include 10.77.0.0/24 \
	"$(printf '%q ' "$@")"
