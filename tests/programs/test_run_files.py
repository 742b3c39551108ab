"""Programs that put their W&B runs elsewhere, or have several."""

from pathlib import Path

import pytest

from tests.support.program_trials import run

ELSEWHERE = """
import wandb
run = wandb.init(dir={where!r})
import time
for i in range(15):
    run.log({{"acc": i}}); time.sleep(0.1)
time.sleep(2)
"""


@pytest.mark.parametrize("where", [".", "/tmp"])
def test_a_run_that_is_put_elsewhere(tmp_path: Path, where: str) -> None:
    """In the working directory, as Lightning's logger does, or where only the program knows."""
    place = where if where == "." else str(tmp_path / "somewhere")
    Path(tmp_path / "somewhere").mkdir()
    old = tmp_path / "user" / "wandb" / "offline-run-20200101_000000-other"
    old.mkdir(parents=True)
    seen, outcome = run(tmp_path, ELSEWHERE.format(where=place))
    assert (outcome.state, len(seen)) == ("completed", 15)


TWICE = """
import wandb
for fold in range(2):
    run = wandb.init()
    for i in range(3):
        run.log({"acc": fold + i / 10})
    run.finish()
"""
RANKS = """
import os, subprocess, sys, time, wandb
rank = int(os.environ.get("RANK", 0))
env = os.environ | {"RANK": "1"}
child = None if rank else subprocess.Popen([sys.executable, __file__], env=env)
run = wandb.init()
for i in range(6):
    run.log({"acc": i, "rank": rank}); time.sleep(0.3)
if child: child.wait()
"""
CHILD = """
import os, subprocess, sys, wandb
if "INNER" not in os.environ:
    sys.exit(subprocess.call([sys.executable, __file__], env=os.environ | {"INNER": "1"}))
wandb.init().log({"acc": 1})
"""


def test_wandb_init_twice_goes_on(tmp_path: Path) -> None:
    seen, outcome = run(tmp_path, TWICE)
    assert [i.metrics["acc"] for i in seen] == [0, 0.1, 0.2, 1, 1.1, 1.2]
    assert outcome.notices == ("2 W&B runs read as one trial",)


def test_of_two_runs_at_once_one_counts(tmp_path: Path) -> None:
    seen, outcome = run(tmp_path, RANKS)
    assert [i.metrics["acc"] for i in seen] == [0, 1, 2, 3, 4, 5]
    assert len({i.metrics["rank"] for i in seen}) == 1
    assert outcome.notices == ("6 logs of acc by further runs not used",)


def test_the_metric_may_be_logged_in_another_process(tmp_path: Path) -> None:
    seen, outcome = run(tmp_path, CHILD)
    assert (outcome.state, len(seen)) == ("completed", 1)
