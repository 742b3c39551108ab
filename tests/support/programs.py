"""Programs for sweeps, without any package but ours, and sweeps of them."""

from pathlib import Path
from typing import Any

from tests.support.in_process import Ran, sweep_here

LEARNS = """
import argparse, json, os, signal, sys, time
from pathlib import Path
import tune_mc1

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float)
parser.add_argument("--steps", type=int, default=4)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--pause", type=float, default=0.0)
parser.add_argument("--fault", default="")
options = parser.parse_args()
print("begins", flush=True)
kept = Path(os.environ["TUNE_MC1_CHECKPOINT_DIR"], "step.json")
step = json.loads(kept.read_text()) if kept.exists() else 0
while step < options.steps:
    step += 1
    time.sleep(options.pause)
    tune_mc1.report(
        {"val/acc": 1 - abs(options.lr - 0.1) - 1 / (step + 1), "val": {"loss": 1 / step}},
        step=step,
    )
    kept.write_text(json.dumps(step))
    if options.fault and step == 2 and not Path(f"{options.fault} {options.lr}").exists():
        Path(f"{options.fault} {options.lr}").touch()
        if options.fault == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        raise RuntimeError("no luck")
tune_mc1.report({"test acc": 0.5})
"""


def content(**keys: Any) -> dict[str, Any]:
    """A sweep file for `LEARNS`."""
    return {
        "program": "train.py",
        "metric": {"name": "val/acc", "goal": "maximize"},
        "parameters": {"lr": {"values": [0.1, 0.2, 0.3, 0.4]}},
        **keys,
    }


def program_sweep(folder: Path, method: str, *words: str, code: str = LEARNS, **keys: Any) -> Ran:
    """Runs such a sweep on the Ray of this process, in a directory with the program."""
    (folder / "train.py").write_text(code)
    return sweep_here(folder, content(**keys), method, "--wandb", "disabled", *words)
