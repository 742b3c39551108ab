#!/usr/bin/env bash
# Behaviour: a process that imports Ray and forks, without connecting to Ray, has forks whose "random"
#   ids differ, until anything before the fork defines a class with `@ray.remote`; then all forks draw
#   the same ids, one after the other. `import ray.tune` and `import ray.data` define such classes.
#   Ray's generator is seeded when it is used first, such a class draws an id as it is defined, and a
#   fork copies the generator. Python's own `random` is seeded anew in a fork.
# Expected before the run: ids are drawn from the system, or from a generator that knows of forks; and
#   an import draws none.
# Seen with: ray[tune,data] 2.60.0, Python 3.11.
# Output when it was written: different ids in three forks
#   import ray: 3
#   a remote function: 3
#   a remote class: 1
#   import ray.data: 1
#   import ray.tune: 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check "ray[tune,data]==2.60.0"

cat >forks.py <<'PYTHON'
import os
import sys

import ray

exec(sys.argv[1])

drawn = set()
for _ in range(3):
    there, here = os.pipe()
    if not os.fork():
        os.write(here, ray.NodeID.from_random().binary())
        os._exit(0)
    os.wait()
    drawn.add(os.read(there, 100))
print(len(drawn))
PYTHON

echo "different ids in three forks"
check() {
  local seen
  seen=$(env/bin/python forks.py "$2")
  echo "$1: $seen"
  [ "$seen" = "$3" ] || { echo "this has changed, it was $3"; exit 1; }
}
check "import ray" "pass" 3
check "a remote function" $'@ray.remote\ndef f(): return 1' 3
check "a remote class" $'@ray.remote\nclass C: pass' 1
check "import ray.data" "import ray.data" 1
check "import ray.tune" "import ray.tune" 1
