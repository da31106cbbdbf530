# Sourced by hosts.sh and slurm.sh: several hosts on one machine, each a network
# namespace, stheno1 and so on, with the address 10.77.0.1 and so on and a link of
# so many Mbit/s (tc tbf) to a common bridge. Needs root (CAP_NET_ADMIN and
# CAP_SYS_ADMIN) and iproute2.

network=10.77.0
name() { echo "stheno$1"; }

# options HOSTS "$@" reads a script's command line, [-h HOSTS] [-r MBIT] COMMAND
# [ARGUMENT...], into hosts, rate and the array line. HOSTS is how many by default.
options() {
	hosts=$1 rate=1000
	shift
	local option OPTIND
	while getopts h:r: option; do
		case $option in
		h) hosts=$OPTARG ;;
		r) rate=$OPTARG ;;
		*) exit 2 ;;
		esac
	done
	line=("${@:OPTIND}")
	[[ ${#line[@]} -gt 0 ]] || { echo "usage: ${0##*/} [-h HOSTS] [-r MBIT] COMMAND [ARGUMENT...]" >&2; exit 2; }
}

# claim_hosts makes the bridge, unless there is one: then the hosts are another's.
claim_hosts() {
	ip link add stheno-br type bridge 2>/dev/null || {
		echo "cannot make the bridge stheno-br: needs root and iproute2; where it is there, another of these scripts runs, or was killed (ip link del stheno-br; ip netns del stheno1, and so on)" >&2
		exit 1
	}
}

# build_hosts HOSTS MBIT makes them, after claim_hosts.
build_hosts() {
	local i
	ip link set stheno-br up
	for ((i = 1; i <= $1; i++)); do
		ip netns add "$(name "$i")"
		ip link add "stheno-v$i" type veth peer name eth0 netns "$(name "$i")"
		ip link set "stheno-v$i" master stheno-br up
		ip -n "$(name "$i")" addr add "$network.$i/24" dev eth0
		ip -n "$(name "$i")" link set eth0 up
		ip -n "$(name "$i")" link set lo up
		# Both ways: what a host sends, and what the bridge sends to it.
		tc -n "$(name "$i")" qdisc add dev eth0 root tbf rate "${2}mbit" burst 256kb latency 50ms
		tc qdisc add dev "stheno-v$i" root tbf rate "${2}mbit" burst 256kb latency 50ms
	done
}

# remove_hosts HOSTS takes away what build_hosts has made, as far as it came, and
# ends what still runs there: in ten seconds, or at once.
remove_hosts() {
	local i
	end_all "$1" TERM
	for ((i = 0; i < 100; i++)); do
		[[ -n $(processes "$1") ]] || break
		sleep 0.1
	done
	end_all "$1" KILL
	for ((i = 1; i <= $1; i++)); do ip netns del "$(name "$i")" 2>/dev/null || true; done
	ip link del stheno-br 2>/dev/null || true
}

# processes HOSTS are the numbers of those that run on the hosts.
processes() {
	local i
	for ((i = 1; i <= $1; i++)); do ip netns pids "$(name "$i")" 2>/dev/null || true; done
}

# end_all HOSTS SIGNAL sends it to them.
end_all() { processes "$1" | xargs -r kill -s "$2" 2>/dev/null || true; }

# write_agent FILE writes a command FILE ADDRESS COMMAND..., which runs a shell's
# command line on the host of that address, under the host's name.
write_agent() {
	cat >"$1" <<'AGENT'
#!/bin/sh
host=stheno${1##*.}
shift
exec ip netns exec "$host" unshare -u sh -c 'hostname "$0"; eval "$@"' "$host" "$@"
AGENT
	chmod +x "$1"
}
