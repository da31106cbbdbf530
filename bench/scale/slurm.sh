#!/usr/bin/env bash
# A Slurm cluster on one machine: hosts as hosts.sh makes them, a slurmd on each,
# slurmctld on the first, and a munged for all, from this script's own files; what
# the machine has of Slurm's configuration is not looked at.
#
#   bash bench/scale/slurm.sh [-h HOSTS] [-r MBIT] COMMAND [ARGUMENT...]
#
#   apt-get install --no-install-recommends slurm-wlm munge
#   go build -tags mpi -o bin/ ./bench/scale ./cmd/mlp
#   bash bench/scale/slurm.sh bin/scale -rounds 3
#   bash bench/scale/slurm.sh bin/mlp -epochs 1 -out runs/slurm
#
# has srun start COMMAND as one rank on each host. Without cgroups and systemd:
# Slurm follows processes by their parents and confines none. Needs root
# (CAP_NET_ADMIN and CAP_SYS_ADMIN), iproute2, Open MPI and those packages; takes
# all that it made away at the end.
set -euo pipefail
. "$(dirname "$0")/net.sh"

options 2 "$@"
set -- "${line[@]}"
for command in munged slurmctld slurmd srun; do
	command -v "$command" >/dev/null || { echo "slurm.sh: there is no $command: apt-get install slurm-wlm munge" >&2; exit 1; }
done

claim_hosts
work=$(mktemp -d)
chmod 755 "$work" # munge's clients must reach the socket
munge=
clean() {
	remove_hosts "$hosts" # slurmd and slurmctld say their last word to munged
	[[ -z $munge ]] || kill "$munge"
	wait
	rm -rf "$work"
}
trap clean EXIT

# on HOST COMMAND... becomes the command on that host.
on() { exec "$work/agent" "$network.$1" "exec $(printf '%q ' "${@:2}")"; }

build_hosts "$hosts" "$rate"
write_agent "$work/agent"

(umask 077 && head -c 1024 /dev/urandom >"$work/munge.key")
munged --foreground --force --key-file="$work/munge.key" --socket="$work/munge.socket" \
	--pid-file="$work/munge.pid" --log-file="$work/munge.log" --seed-file="$work/munge.seed" &>/dev/null &
munge=$!

# TmpFS, or PMIx's folder of a job would be the same one on all hosts.
cat >"$work/slurm.conf" <<CONF
ClusterName=stheno
SlurmctldHost=$(name 1)($network.1)
SlurmUser=root
AuthInfo=socket=$work/munge.socket
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool.%n
TmpFS=$work/tmp.%n
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.%n.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
ReturnToService=2
$(for ((i = 1; i <= hosts; i++)); do echo "NodeName=$(name "$i") NodeAddr=$network.$i CPUs=$(nproc)"; done)
PartitionName=all Nodes=ALL Default=YES
CONF
# The plugin that asks least of the machine: no process is put into a cgroup.
echo CgroupPlugin=cgroup/v1 >"$work/cgroup.conf"
export SLURM_CONF=$work/slurm.conf
(on 1 slurmctld -D) &>/dev/null &
for ((i = 1; i <= hosts; i++)); do
	mkdir "$work/spool.$(name "$i")" "$work/tmp.$(name "$i")"
	(on "$i" slurmd -D -N "$(name "$i")") &>/dev/null &
done
for ((i = 0; ; i++)); do
	up=$(on 1 sinfo -h -t idle -o %D 2>/dev/null) || true
	[[ $up != "$hosts" ]] || break
	((i < 60)) || { echo "slurm.sh: after a minute ${up:-0} of $hosts hosts are there" >&2; tail -n 20 "$work"/*.log >&2; exit 1; }
	sleep 1
done

export OMPI_MCA_btl=tcp,self OMPI_MCA_btl_tcp_if_include=$network.0/24
(on 1 srun --mpi=pmix -N "$hosts" --ntasks-per-node=1 --cpus-per-task="$(nproc)" "$@")
