#!/usr/bin/env bash
# Behaviour: TensorBoard's `EventAccumulator`, by which scripts read curves back, keeps 10,000 values
#   of a scalar, drawn at random. Of a run that logged 20,000 steps it returns every other one on
#   average, without a word: the best value, the first step and any mean over epochs may be others.
#   `size_guidance={"scalars": 0}` keeps all.
# Expected before the run: all 20,000 values of the file.
# Seen with: tensorboard 2.21.0, tensorboardX 2.6.5, Python 3.11.
# Output when it was written:
#   default: 10,000 of 20,000 values
#   size_guidance={"scalars": 0}: 20,000 of 20,000 values
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check tensorboard==2.21.0 tensorboardX==2.6.5
env/bin/python - <<'PY'
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboardX import SummaryWriter

STEPS = 20_000
with SummaryWriter("run") as writer:
    for step in range(STEPS):
        writer.add_scalar("loss", 1 / (step + 1), step)


def read(**options):
    events = EventAccumulator("run", **options)
    events.Reload()
    return [event.step for event in events.Scalars("loss")]


default, whole = read(), read(size_guidance={"scalars": 0})
print(f"default: {len(default):,} of {STEPS:,} values")
print(f'size_guidance={{"scalars": 0}}: {len(whole):,} of {STEPS:,} values')
assert len(default) == 10_000, "the behaviour has changed"
assert whole == list(range(STEPS)), "the behaviour has changed"
PY
