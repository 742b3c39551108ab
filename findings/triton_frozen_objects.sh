#!/usr/bin/env bash
# Behaviour: a process that calls `gc.freeze()` after Triton was imported, as Python's documentation
#   advises before a fork, writes some 30 lines to standard error when it ends: all of Triton's own
#   functions and types are "leaked", and so in each fork. `import lightning` imports Triton beside a
#   PyTorch for CUDA, also without a GPU; PyTorch 2.15 needs Triton 3.9. Triton 3.8 writes nothing.
#   After `gc.unfreeze()` nothing is written: objects are named whose cycles were not collected.
# Expected before the run: freezing keeps the collector away from objects, and is seen by nobody.
# Seen with: triton 3.9.0 and 3.8.0, Python 3.11 (lines are counted only as none or some).
# Output when it was written:
#   triton 3.9.0: imported 0, frozen 30, frozen and forked 60, unfrozen 0 lines
#   triton 3.8.0: imported 0, frozen 0, frozen and forked 0, unfrozen 0 lines
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env

lines() {
  env/bin/python -c "$1" 2>&1 | wc -l
}

some() {
  if [ "$1" -gt 0 ]; then echo some; else echo none; fi
}

for version in 3.9.0 3.8.0; do
  env/bin/pip install --quiet --disable-pip-version-check triton==$version
  imported=$(lines "import triton")
  frozen=$(lines "import triton, gc; gc.freeze()")
  forked=$(lines "import triton, gc, os; gc.freeze(); os.fork() and os.wait()")
  unfrozen=$(lines "import triton, gc; gc.freeze(); gc.unfreeze()")
  echo "triton $version: imported $imported, frozen $frozen, frozen and forked $forked, unfrozen $unfrozen lines"
  seen="$(some "$imported") $(some "$frozen") $(some "$forked") $(some "$unfrozen")"
  case $version in
    3.9.0) expected="none some some none" ;;
    *) expected="none none none none" ;;
  esac
  [ "$seen" = "$expected" ] || { echo "triton $version changed: $seen"; exit 1; }
done
