#!/usr/bin/env bash
# Behaviour: files that `rsync_exclude` leaves out of a folder in `file_mounts` are still read by `ray
#   up`, all of them and each time, and a change of one is a change of the configuration: the hash by
#   which the launcher decides whether to copy the folder and to run the setup commands again knows no
#   excludes. With a project's own `.venv` with PyTorch these are 7 GB; a result written beside the
#   code sets up every machine anew.
# Expected before the run: what is excluded is neither read nor compared, as with rsync itself.
# Seen with: ray[default] 2.60.0, Python 3.11. The launcher's own function is called, with what `ray up`
#   gives it, as a cluster would need machines.
# Output when it was written: the hash after a change of
#   code: another; an excluded file: another; nothing: the same
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check "ray[default]==2.60.0"

mkdir -p project/results
echo "print(1)" >project/train.py
echo "0.1" >project/results/loss.txt
cat >cluster.yaml <<'YAML'
cluster_name: example
provider: {type: local, head_ip: 203.0.113.1, worker_ips: []}
auth: {ssh_user: ubuntu}
file_mounts: {~/project: ./project}
rsync_exclude: [results]
setup_commands: [pip install -r ~/project/requirements.txt]
YAML

cat >hashes.py <<'PYTHON'
import sys

import yaml
from ray.autoscaler._private.commands import _bootstrap_config
from ray.autoscaler._private.util import hash_runtime_conf

with open("cluster.yaml") as file:
    config = _bootstrap_config(yaml.safe_load(file), no_config_cache=True)
hash_, _ = hash_runtime_conf(config["file_mounts"], None, config)
print(hash_)
PYTHON

hash_() { env/bin/python hashes.py 2>/dev/null | tail -n 1; }
compare() { if [ "$1" = "$2" ]; then echo "the same"; else echo another; fi; }

first=$(hash_)
echo "print(2)" >project/train.py
second=$(hash_)
echo "0.2" >project/results/loss.txt
third=$(hash_)
fourth=$(hash_)
seen="code: $(compare "$first" "$second"); an excluded file: $(compare "$second" "$third")"
seen="$seen; nothing: $(compare "$third" "$fourth")"
echo "the hash after a change of $seen"
[ -n "$first" ] && [ "$seen" = "code: another; an excluded file: another; nothing: the same" ] || {
  echo "this has changed"
  exit 1
}
