#!/bin/bash
# A sweep on Slurm: Ray over all nodes of the allocation, the sweep on them, and an end that leaves
# nothing behind. Before the time limit the sweep stops at a checkpoint, and the job is requeued and
# goes on.
#
# From a directory that all nodes share, with the project's environment active (sbatch passes it on):
#   sbatch clusters/slurm.sh grid configs/grid.yaml --limit-images 0.1     # arguments of `sweep`
#   sbatch --nodes=4 --gpus-per-node=2 --time=12:00:00 clusters/slurm.sh asha my_sweep.yaml
#   tail -f tune_mc1-JOBID.out                                             # the sweep's output
#   scancel JOBID                  # stops it, in order, for good; with --signal=TERM, too
#   sbatch --dependency=afterany:JOBID clusters/slurm.sh grid --resume results/slurm-JOBID/grid-...
# Results are in results/slurm-JOBID, or below TUNE_MC1_OUTPUT.
#
# Many independent sweeps, one a node, without Ray between nodes: an array, where %a in an argument
# becomes the number of the task:
#   sbatch --array=0-4 --nodes=1 clusters/slurm.sh grid configs/grid.yaml --set seed=%a
#
# Other jobs may share the nodes: ports, temporary directory and token are this job's own, and only
# this job's processes are ended. (`ray symmetric-run` ends every Ray on a node.)

#SBATCH --job-name=tune_mc1
#SBATCH --output=tune_mc1-%j.out
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --gpus-per-node=1
#SBATCH --time=04:00:00
#SBATCH --signal=B:USR1@180
#SBATCH --requeue
#SBATCH --open-mode=append

set -uo pipefail

out=${TUNE_MC1_OUTPUT:-$PWD/results}/slurm-$SLURM_JOB_ID
arguments=("${@//%a/${SLURM_ARRAY_TASK_ID:-%a}}")

# The address by which Slurm reaches this node, and hence the other nodes too.
name=$(scontrol show node "$SLURMD_NODENAME" | sed -n 's/.*NodeAddr=\([^ ]*\).*/\1/p')
head=$(getent ahostsv4 "$name" | awk '{print $1; exit}')
export RAY_JOB_PORT=$((10000 + SLURM_JOB_ID % 200 * 100))   # and the 99 after it
export RAY_JOB_HEAD=$head:$RAY_JOB_PORT RAY_JOB_TOLD=$out/ended_by_slurm RAY_JOB_ENDED=$out/ray_ended

# Ray's own 30 s, for what still runs, are all that Slurm gives to the steps of a job that it ends.
export RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S=10

# Only who can read this file may use this job's Ray.
export RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH=$out/ray_token
mkdir -p "$out" && rm -f "$RAY_JOB_TOLD" "$RAY_JOB_ENDED" || exit 1
(umask 077 && python -c 'import secrets; print(secrets.token_hex(32), end="")' >"$RAY_AUTH_TOKEN_PATH")

# Runs on every node: its part of Ray, with the cores and GPUs that Slurm gave to this job.
run_node() {
  temp=/tmp/ray-$SLURM_JOB_ID-$SLURM_NODEID   # sockets are below it: the path must be short
  gpus=()
  [[ ${CUDA_VISIBLE_DEVICES:-} != [0-9GM]* ]] || IFS=, read -ra gpus <<<"$CUDA_VISIBLE_DEVICES"
  port=$RAY_JOB_PORT
  # A port for each process of Ray. Who has that many cores shares the node with few other jobs.
  workers=(--min-worker-port $((port + 10)) --max-worker-port $((port + 99)))
  [ "$SLURM_CPUS_ON_NODE" -le 64 ] || workers=(--min-worker-port 30000 --max-worker-port 32767)
  words=(--block --num-cpus "$SLURM_CPUS_ON_NODE" --num-gpus "${#gpus[@]}" --disable-usage-stats
    --node-manager-port $((port + 1)) --object-manager-port $((port + 2))
    --dashboard-agent-grpc-port $((port + 3)) --dashboard-agent-listen-port $((port + 4))
    --runtime-env-agent-port $((port + 5)) --metrics-export-port $((port + 6))
    "${workers[@]}")
  if [ "${SLURM_MEM_PER_NODE:-0}" -gt 0 ]; then   # in MiB; else Ray takes the machine's as its own
    words+=(--object-store-memory $((SLURM_MEM_PER_NODE * 1024 * 1024 * 3 / 10)))
  fi
  if [ "$SLURM_NODEID" = 0 ]; then
    words+=(--head --node-ip-address "${RAY_JOB_HEAD%:*}" --port "$port" --temp-dir "$temp"
      --include-dashboard=false --ray-client-server-port $((port + 7)))
  else
    until (: <"/dev/tcp/${RAY_JOB_HEAD%:*}/$port") 2>/dev/null; do sleep 0.5; done
    words+=(--address "$RAY_JOB_HEAD" --temp-dir "$temp")
  fi
  trap ': >"$RAY_JOB_TOLD"; kill -TERM $ray 2>/dev/null' TERM INT
  ray start "${words[@]}" & ray=$!
  while kill -0 $ray 2>/dev/null; do wait $ray; done   # a signal ends only the wait
  : >"$RAY_JOB_ENDED"
  for _ in {1..20}; do   # Ray's agents go on writing there for a while
    rm -rf "$temp" 2>/dev/null
    [ -e "$temp" ] || break
    sleep 0.2
  done
}

# Waits until all nodes have joined, so that the sweep plans with all of them, or one has failed.
await_nodes() {
  python - "$RAY_JOB_HEAD" "$SLURM_JOB_NUM_NODES" "$RAY_JOB_ENDED" <<'PYTHON'
import os, socket, sys, time

address, count, ended = sys.argv[1], int(sys.argv[2]), sys.argv[3]
host, _, port = address.partition(":")
end = time.monotonic() + 300


def in_time():
    if os.path.exists(ended):
        sys.exit(1)
    return time.monotonic() < end


while in_time():  # without a head, ray.init would try for minutes
    try:
        socket.create_connection((host, int(port)), 5).close()
        break
    except OSError:
        time.sleep(0.5)

import ray

while True:
    try:
        ray.init(address, log_to_driver=False, logging_level="ERROR")
        while sum(node["Alive"] for node in ray.nodes()) < count and in_time():
            time.sleep(0.5)
        sys.exit(sum(node["Alive"] for node in ray.nodes()) < count)
    except (ConnectionError, RuntimeError, ValueError) as error:
        if not in_time():
            sys.exit(f"Ray does not start: {error}")
        time.sleep(1)
PYTHON
}

driver= again= cancelled= status=1
stop() { [ -z "$driver" ] || kill -TERM "$driver" 2>/dev/null; }
trap 'again=yes; echo "The time limit is near: the sweep stops, to go on in a new job"; stop' USR1
trap 'cancelled=yes; stop' TERM INT   # scancel, or Slurm as it preempts this job and requeues it

# shellcheck disable=SC2016
srun --nodes="$SLURM_JOB_NUM_NODES" --ntasks="$SLURM_JOB_NUM_NODES" --ntasks-per-node=1 \
  --cpus-per-task="${SLURM_CPUS_PER_TASK:-1}" --kill-on-bad-exit=0 \
  bash -c "$(declare -f run_node); run_node" >"$out/ray-${SLURM_RESTART_COUNT:-0}.log" 2>&1 & nodes=$!

await_nodes & waiting=$!
while kill -0 $waiting 2>/dev/null; do wait $waiting; joined=$?; done

shopt -s nullglob
begun=("$out"/*/journal.jsonl)
epochs() { cat /dev/null "$out"/*/journal.jsonl | grep -c '"event": *"epoch"'; }
before=$(epochs)
if [ "${joined:-1}" != 0 ]; then
  echo "Not all nodes have started Ray: $out/ray-${SLURM_RESTART_COUNT:-0}.log" >&2
elif [ -n "$again$cancelled" ]; then
  :   # the signal came first
else
  if [ ${#begun[@]} -gt 0 ]; then   # this job was requeued; these options are not in the directory
    words=("${arguments[0]}" --resume "$(dirname "${begun[-1]}")")
    for i in "${!arguments[@]}"; do
      case ${arguments[i]} in
        --wandb=* | --max-concurrent=*) words+=("${arguments[i]}") ;;
        --wandb | --max-concurrent) words+=("${arguments[@]:i:2}") ;;
      esac
    done
  elif [[ " ${arguments[*]} " == *" --resume"[\ =]* ]]; then
    words=("${arguments[@]}")
  else
    words=("${arguments[@]}" -o "$out")
  fi
  python -m tune_mc1 sweep "${words[@]}" --address "$RAY_JOB_HEAD" & driver=$!
  while kill -0 $driver 2>/dev/null; do wait $driver; status=$?; done
fi

# Where preempted jobs have a GraceTime, Slurm tells the nodes' steps alone that it has begun; this job
# does not count on being requeued when it ends before Slurm ends it.
# A user's `scancel --signal=TERM` tells them, too, but no other job waits for the nodes then.
if [ -e "$RAY_JOB_TOLD" ] && [ -z "$cancelled$again" ] && [ "$status" != 0 ]; then
  if [[ $(scontrol show job "$SLURM_JOB_ID") == *PreemptTime=None* ]]; then
    echo "A signal has ended Ray (scancel --signal): the sweep stops, and the job is not requeued"
  else
    echo "Slurm has ended Ray, to give the nodes to another job: the sweep goes on in a new job"
    again=yes status=130
  fi
fi
kill -TERM $nodes 2>/dev/null
while kill -0 $nodes 2>/dev/null; do wait $nodes; done
# Slurm has ended what Ray has left behind; now nobody writes there any more. (A job that is being
# cancelled can start nothing: srun would hang until Slurm kills it, and whoever waits for the nodes.)
# shellcheck disable=SC2016
[ -n "$cancelled" ] ||
  srun --nodes="$SLURM_JOB_NUM_NODES" --ntasks="$SLURM_JOB_NUM_NODES" --ntasks-per-node=1 \
    bash -c 'rm -rf "/tmp/ray-$SLURM_JOB_ID-$SLURM_NODEID"'
rm -f "$RAY_AUTH_TOKEN_PATH" "$RAY_JOB_TOLD" "$RAY_JOB_ENDED"
if [ -n "$again" ] && [ "$(epochs)" -le "$before" ] && [ "$status" != 0 ]; then
  echo "No epoch has ended before the time limit: the job is not requeued; give it more --time" >&2
elif [ -n "$again" ] && [ "$status" = 130 ]; then
  scontrol requeue "$SLURM_JOB_ID"
fi
exit "$status"
