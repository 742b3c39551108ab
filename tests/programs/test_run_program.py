"""Trials of real programs with the real W&B: how their metrics arrive, and how they end."""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.support.program_trials import run, trial_of
from tune_mc1.programs.command import Command
from tune_mc1.programs.iterations import Iteration
from tune_mc1.programs.run_program import run_program

LOGS = """
import argparse, wandb
p = argparse.ArgumentParser()
p.add_argument("--lr", type=float); p.add_argument("--flag")
args = p.parse_args()
run = wandb.init(project="x", config=vars(args))
for epoch in range(4):
    for batch in range(3):
        run.log({"loss": epoch + batch / 10})
    run.log({"acc": args.lr * epoch, "epoch": epoch})
run.log({"test_acc": 0.25})
"""


def test_metrics_arrive_with_what_was_logged_before_them(tmp_path: Path) -> None:
    seen, outcome = run(tmp_path, LOGS, lr=0.5, flag=None)
    assert [i.number for i in seen] == [1, 2, 3, 4]
    expected = [{"acc": 0.5 * e, "epoch": e, "loss": e + 0.2} for e in range(4)]
    assert [i.metrics for i in seen] == expected
    assert [i.step for i in seen] == [3, 7, 11, 15]
    assert (outcome.state, outcome.reason, outcome.iterations) == ("completed", None, 4)
    assert outcome.last == {"test_acc": 0.25}
    assert outcome.names == ("acc", "epoch", "loss", "test_acc")
    assert outcome.notices == ()


def test_a_program_without_wandb(tmp_path: Path) -> None:
    code = """
import tune_mc1
for epoch in range(3):
    tune_mc1.report({"acc": epoch / 10}, step=epoch)
"""
    seen, outcome = run(tmp_path, code)
    assert [(i.metrics["acc"], i.step) for i in seen] == [(0.0, 0), (0.1, 1), (0.2, 2)]
    assert outcome.state == "completed"
    again, _ = run(tmp_path, code)  # a second attempt begins from nothing
    assert len(again) == 3


def test_without_a_metric_each_log_counts(tmp_path: Path) -> None:
    code = "import tune_mc1\ntune_mc1.report({'a': 1}); tune_mc1.report({'b': 2})"
    seen, outcome = run(tmp_path, code, metric=None)
    assert [i.metrics for i in seen] == [{"a": 1}, {"b": 2}]
    assert outcome.state == "completed"


def test_what_only_the_summary_has_counts_at_the_end(tmp_path: Path) -> None:
    """As in W&B, whose sweeps take their metric from there too."""
    code = """
import wandb
run = wandb.init()
run.define_metric("loss", summary="min,max")
for loss in (3, 1, 2):
    run.log({"loss": loss, "at": {"best": loss}})
run.summary["at"] = {"best": 7}
run.summary["acc"] = 0.75
run.summary["final"] = {"f1": 0.5, "name": "x"}
"""
    seen, outcome = run(tmp_path, code)
    rest = {"loss": 2, "loss.min": 1, "loss.max": 3, "at.best": 2, "final.f1": 0.5}
    assert [(i.number, i.metrics) for i in seen] == [(1, rest | {"acc": 0.75})]
    assert (outcome.state, outcome.iterations, outcome.last) == ("completed", 1, {})


def test_a_summary_beside_logs_of_the_metric(tmp_path: Path) -> None:
    code = """
import wandb
run = wandb.init()
for acc in (0.5, 0.25):
    run.log({"acc": acc})
run.summary.update({"acc": 0.5, "best_acc": 0.5})
"""
    seen, outcome = run(tmp_path, code)
    assert [i.metrics for i in seen] == [{"acc": 0.5}, {"acc": 0.25}]
    assert outcome.last == {"best_acc": 0.5}
    seen, outcome = run(tmp_path, code, lambda iteration: iteration.number == 2)
    assert (outcome.state, len(seen)) == ("stopped", 2)


def test_a_summary_that_is_no_number(tmp_path: Path) -> None:
    _, outcome = run(tmp_path, "import wandb\nwandb.init().summary['acc'] = '0.9'")
    assert outcome.reason == "acc was logged as text, must be a number"
    _, outcome = run(tmp_path, "import wandb\nwandb.init().summary['Acc'] = 0.9")
    assert outcome.reason is not None
    assert "did you mean 'Acc'?" in outcome.reason


ENDLESS = """
import time, wandb
run = wandb.init()
step = 0
while True:
    run.log({"acc": step, "said": time.time()})
    step += 1
    time.sleep(0.1)
"""


def test_a_row_arrives_within_half_a_second_and_may_stop_the_program(tmp_path: Path) -> None:
    delays = []

    def report(iteration: Iteration) -> bool:
        delays.append(time.time() - iteration.metrics["said"])
        return iteration.number == 30

    seen, outcome = run(tmp_path, ENDLESS, report)
    assert (outcome.state, outcome.reason, len(seen)) == ("stopped", None, 30)
    assert str(outcome.ending) == "killed by SIGTERM"
    assert sorted(delays)[15] < 0.5
    children = psutil.Process().children(recursive=True)
    mine = [child.as_dict(["cmdline"]) for child in children]  # None for one that has ended
    assert not [words for words in mine if "wandb-core" in str(words) or "train.py" in str(words)]


def test_an_error_in_the_sweep_ends_the_program(tmp_path: Path) -> None:
    def report(iteration: Iteration) -> bool:
        raise RuntimeError("the sweep is gone")

    before = set(psutil.Process().children(recursive=True))  # Ray, where an earlier test needs it
    with pytest.raises(RuntimeError, match="the sweep is gone"):
        run(tmp_path, ENDLESS, report)
    assert not set(psutil.Process().children(recursive=True)) - before


HANDLES_SIGTERM = """
import signal, sys, time, wandb
run = wandb.init()
def end(*_):
    run.log({"acc": -1}); run.finish(); sys.exit(0)
signal.signal(signal.SIGTERM, end)
while True:
    run.log({"acc": 1}); time.sleep(0.05)
"""


def test_rows_after_the_stop_do_not_count(tmp_path: Path) -> None:
    seen, outcome = run(tmp_path, HANDLES_SIGTERM, lambda i: i.number == 5)
    assert outcome.state == "stopped"
    assert [i.metrics["acc"] for i in seen] == [1] * 5
    assert outcome.ending.ok


def test_a_kept_directory_and_the_json_file(tmp_path: Path) -> None:
    code = """
import json, os, pathlib, sys, tune_mc1
kept = pathlib.Path(os.environ["TUNE_MC1_CHECKPOINT_DIR"]) / "state"
before = int(kept.read_text()) if kept.exists() else 0
kept.write_text(str(before + 1))
tune_mc1.report({"acc": before + json.load(open(sys.argv[1]))["a.b"]})
"""
    command = Command((sys.executable, "train.py", "${args_json_file}"))
    trial = replace(trial_of(tmp_path, code), command=command, parameters={"a.b": 10})
    seen: list[Iteration] = []

    def note(iterations: Sequence[Iteration]) -> bool:
        seen.extend(iterations)
        return False

    for _ in range(2):
        run_program(trial, note)
    assert [iteration.metrics["acc"] for iteration in seen] == [10, 11]


def into(seen: list[Iteration]) -> Callable[[Sequence[Iteration]], bool]:
    def note(iterations: Sequence[Iteration]) -> bool:
        seen.extend(iterations)
        return False

    return note


SAVES = """
import json, os, sys
from pathlib import Path
import tune_mc1
order, steps, cut = sys.argv[1:4]
state = Path(os.environ["TUNE_MC1_CHECKPOINT_DIR"], "state.json")
step = json.loads(state.read_text()) if state.exists() else 0
def save():
    state.write_text(json.dumps(step))
def log():
    tune_mc1.report({"acc": step / 10}, step=step if steps == "steps" else None)
while step < 6:
    step += 1
    for act in (save, log) if order == "save first" else (log, save):
        act()
        if step == 4 and cut == act.__name__ and not Path("was cut").exists():
            Path("was cut").touch()
            os._exit(3)
"""


@pytest.mark.parametrize(
    ("order", "steps", "cut", "logged"),
    [
        ("log first", "steps", "save", [1, 2, 3, 4, 5, 6]),
        ("log first", "steps", "log", [1, 2, 3, 4, 5, 6]),
        ("log first", "none", "save", [1, 2, 3, 4, 5, 6]),
        ("log first", "none", "log", [1, 2, 3, 4, 5, 6]),
        ("save first", "steps", "log", [1, 2, 3, 4, 5, 6]),
        # Step 4 was saved and never logged: the program goes on at 5.
        ("save first", "steps", "save", [1, 2, 3, 5, 6]),
    ],
)
def test_an_attempt_goes_on_from_the_last_checkpoint(
    tmp_path: Path, order: str, steps: str, cut: str, logged: list[int]
) -> None:
    command = Command((sys.executable, "train.py", order, steps, cut))
    trial = replace(trial_of(tmp_path, SAVES), command=command)
    first: list[Iteration] = []
    second: list[Iteration] = []

    assert run_program(trial, into(first)).state == "failed"
    assert [it.number for it in first] == list(range(1, len(first) + 1))
    assert run_program(trial, into(second)).state == "completed"
    assert [round(it.metrics["acc"] * 10) for it in second] == logged
    assert [it.number for it in second] == list(range(1, len(logged) + 1))
    third: list[Iteration] = []
    done = run_program(trial, into(third))
    assert (done.state, done.iterations) == ("completed", len(logged)), "nothing is left to do"
    assert third == second


def test_without_a_checkpoint_an_attempt_begins_again(tmp_path: Path) -> None:
    code = "import tune_mc1\nfor i in range(3): tune_mc1.report({'acc': i}, step=i)\n"
    trial = trial_of(tmp_path, code)
    for _ in range(2):
        seen: list[Iteration] = []
        run_program(trial, into(seen))
        assert [(it.number, it.step) for it in seen] == [(1, 0), (2, 1), (3, 2)]
