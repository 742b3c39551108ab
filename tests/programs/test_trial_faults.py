"""Programs that fail, each with its one line."""

from pathlib import Path

import pytest

from tests.support.program_trials import run

NEVER = "acc was never logged"
SAYS = "from tune_mc1 import report\n"
BAD: dict[str, tuple[str, str]] = {
    "nothing": ("pass", f"{NEVER}: it opened no W&B run, and tune_mc1.report was not called"),
    "no log": (
        "import wandb; wandb.init()",
        f"{NEVER}: its W&B run is empty, and tune_mc1.report was not called",
    ),
    "another name": (
        SAYS + "report({'val/acc': 1, 'loss': 2, 'Acc': 1})",
        f"{NEVER}, did you mean 'Acc'? (logged: Acc, loss, val/acc)",
    ),
    "many names": (
        SAYS + "report({f'x{i:02}': 1 for i in range(30)})",
        f"{NEVER} (logged: {', '.join(f'x{i:02}' for i in range(20))} and 10 more)",
    ),
    "text": (
        "import wandb; wandb.init().log({'acc': '0.9'})",
        "acc was logged as text, must be a number",
    ),
    "nan": (
        SAYS + "for _ in '12': report({'acc': float('nan')})",
        "acc was not finite in any of 2 logs",
    ),
    "error": (
        "import wandb; wandb.init().log({'acc': 1}); [][1]",
        "exit status 1; last lines: IndexError: list index out of range | File",
    ),
    "usage": (
        "import argparse; p = argparse.ArgumentParser(); p.add_argument('--data', required=True)\n"
        "p.parse_args()",
        "exit status 2; last lines: usage: train.py [-h] --data DATA | train.py: error: the "
        "following arguments are required: --data",
    ),
    "signal": (
        "import os; os.kill(os.getpid(), 9)",
        "killed by SIGKILL (out of memory?), without a word",
    ),
}


@pytest.mark.parametrize("name", list(BAD))
def test_failures_in_a_line(tmp_path: Path, name: str) -> None:
    code, reason = BAD[name]
    (tmp_path / "results" / "logs").mkdir(parents=True)
    (tmp_path / "results" / "logs" / "t0.log").write_text("of an earlier attempt\n")
    _, outcome = run(tmp_path, code)
    assert outcome.state == "failed"
    assert outcome.reason is not None
    assert outcome.reason.startswith(reason)
    assert (outcome.reason == reason) == (name != "error")


def test_some_nan_is_said_and_no_failure(tmp_path: Path) -> None:
    code = SAYS + "for a in (1.0, float('nan'), float('inf')): report({'acc': a})"
    seen, outcome = run(tmp_path, code)
    assert len(seen) == 3
    assert (outcome.state, outcome.notices) == ("completed", ("acc was not finite in 2 logs",))


def test_killed_between_two_logs(tmp_path: Path) -> None:
    """What was logged half a second before is there."""
    code = """
import os, time, wandb
run = wandb.init()
for i in range(20):
    run.log({"acc": i})
time.sleep(0.6)
run.log({"acc": 20})
os.kill(os.getpid(), 9)
"""
    seen, outcome = run(tmp_path, code)
    assert [i.metrics["acc"] for i in seen][:20] == list(range(20))
    assert outcome.reason == "killed by SIGKILL (out of memory?), without a word"
