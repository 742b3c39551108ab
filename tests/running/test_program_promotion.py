"""A program that pauses at a rung, and goes on from its own checkpoint when it is promoted."""

from pathlib import Path
from typing import Any

import pandas as pd

from tests.support.programs import program_sweep

GOES_ON = """
import json, os, sys, time
from pathlib import Path
import tune_mc1

lr = float(sys.argv[1].partition("=")[2])
state = Path(os.environ["TUNE_MC1_CHECKPOINT_DIR"], "state.json")
done = json.loads(state.read_text()) if state.exists() else 0
print("from", done, flush=True)
for step in range(done + 1, 13):  # a busy machine stops it late
    tune_mc1.report({"acc": 1 - lr + step / 100}, step=step)
    state.write_text(json.dumps(step))
    time.sleep(0.3)
"""


def test_it_goes_on_from_its_own_checkpoint(tmp_path: Path) -> None:
    keys: dict[str, Any] = {
        "parameters": {"lr": {"values": [0.5, 0.8, 0.1, 0.9]}},
        "metric": {"name": "acc", "goal": "maximize"},
        "early_terminate": {"type": "asha_promote", "min_iter": 2, "eta": 2},
        "keep_checkpoints": "best",
    }
    ran = program_sweep(tmp_path, "grid", "--max-concurrent", "1", code=GOES_ON, **keys)
    assert ran.status == 0, ran.err
    assert "which goes on if it keeps its state in TUNE_MC1_CHECKPOINT_DIR" in ran.err + ran.out
    rows = pd.read_parquet(ran.root / "trials.parquet").set_index("trial")
    assert dict(rows["state"]) == {
        "t0001": "stopped",  # at the second rung
        "t0002": "stopped",
        "t0003": "completed",
        "t0004": "stopped",
    }
    assert rows["epochs_run"]["t0003"] == 12
    assert rows["epochs_run"].drop("t0003").between(2, 11).all()
    log = (ran.root / "logs" / "t0001.log").read_text()
    begun = [int(line.split()[1]) for line in log.splitlines() if line.startswith("from")]
    assert begun[0] == 0
    assert min(begun[1:]) >= 1, "from its rung, not from the start"
    history = pd.read_parquet(ran.root / "history.parquet")
    steps = list(history[history["trial"] == "t0001"]["step"])
    assert steps == list(range(1, len(steps) + 1))
    assert len(steps) >= 4, "it reached the second rung"
    assert [p.name for p in (ran.root / "checkpoints").iterdir()] == ["t0003"]
