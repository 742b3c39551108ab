"""A trial scheduler of another package: one that stops trials below the mean."""

import html
import re
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from tests.support.faults import (
    driving,
    events,
    reached,
    result_dir,
    same,
    trials,
    wait_for,
    write_sweep,
)
from tests.support.in_process import Done, Ran, run_here
from tests.support.session import Session

ONE = ("--max-concurrent", "1", "--wandb", "disabled")


def content(image_dir: Path, **keys: Any) -> dict[str, Any]:
    return {
        "metric": {"name": "val_loss"},
        "parameters": {
            "learning_rate": {"values": [0.03, 0.02, 1e-7, 1e-8, 2e-8]},
            "weights_init_type": {"value": "kaiming_normal"},
            "epochs": {"value": 4},
        },
        "early_terminate": {"type": "below_mean", "grace": 2},
        "data": str(image_dir),
        "limit_images": 0.25,
        "fuse": "off",
        **keys,
    }


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory, image_dir: Path, there: Session) -> Ran:
    """The sweep without a fault."""
    return there.sweep(tmp_path_factory.mktemp("quiet"), content(image_dir), "grid", *ONE)


def test_it_stops_trials(quiet: Ran) -> None:
    assert quiet.status == 0, quiet.err
    rows = trials(quiet.root).set_index("trial")
    assert dict(rows["state"]) == {
        "t0001": "completed",
        "t0002": "completed",
        "t0003": "stopped",
        "t0004": "stopped",
        "t0005": "stopped",
    }
    assert list(rows["epochs_run"]) == [4, 4, 2, 2, 2]
    decisions = quiet.events("decision")
    assert [d["trial"] for d in decisions if d["stop"]] == ["t0003", "t0004", "t0005"]
    assert all(d["score"] < 0 for d in decisions), "a loss, turned"


WHY = r"val_loss (\d\.\d+) > (\d\.\d+), the mean of 2 trials at epoch 2"


def test_it_says_why_in_its_own_words(quiet: Ran, tmp_path: Path, there: Session) -> None:
    """Live, of one trial, and in the report in both languages; a loss as it was logged."""
    live = re.search(rf"t0003 stopped after epoch 2, .*\n +({WHY})\n", quiet.out)
    assert live is not None, quiet.out
    own, mean = (float(number) for number in live.groups()[1:])
    losses = [e["val_loss"] for e in quiet.events("epoch") if e["epoch"] == 2]
    assert own == pytest.approx(losses[2], abs=1e-3)
    assert mean == pytest.approx(fmean(losses[:2]), abs=1e-3)
    done = there.run("show", quiet.root, "t0003", cwd=tmp_path)
    assert re.search(rf"^state +stopped at epoch 2: {WHY} *$", done.stdout, re.M), done.stdout
    for lang, words in (("en", WHY), ("de", "der Mittelwert von 2 Trials nach Epoche 2")):
        where = tmp_path / lang
        done = there.run("report", quiet.root, "-o", where, "--lang", lang, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert re.search(words, html.unescape((where / "report.html").read_text()))


def test_results_without_the_package_name_it(quiet: Ran, tmp_path: Path) -> None:
    """Here it is not installed: what can be read is read, and one line says what lacks."""

    def run(*words: str | Path) -> Done:
        return run_here(*words, cwd=tmp_path)

    named = r"plugins? .*own_below_mean of own-below-mean 1\.0.* not installed here"
    shown = run("show", quiet.root)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "stopped" in shown.stdout
    one = run("show", quiet.root, "t0003")
    assert one.returncode == 0
    assert "stopped at epoch 2" in one.stdout
    assert re.search(f"Why trials were stopped is not known here: .*{named}", one.stderr)
    assert run("export", "results", quiet.root, "--to", "csv", "-o", "csv").returncode == 0
    assert (tmp_path / "csv" / "trials.csv").exists()
    for words in (
        ("report", quiet.root, "-o", "report"),
        ("export", "model", quiet.root, "--to", "safetensors"),
        ("export", "results", quiet.root, "--to", "optuna", "-o", "optuna.log"),
        ("sweep", "grid", "--resume", quiet.root),
        ("sweep", "grid", "--from", quiet.root, "--best", "1", "--dry-run"),
        ("sweep", "grid", quiet.root / "sweep.yaml", "--dry-run"),
        ("train", quiet.root, "--trial", "t0003"),
    ):
        done = run(*words)
        assert done.returncode == 2, (words, done.stdout)
        (line,) = done.stderr.strip().splitlines()
        assert re.search(named, line), line
        assert "got 'below_mean'" in line or words[2] == "--resume"  # it lacks a metric's column


def test_killed_it_goes_on_as_if_nothing_had_been(
    tmp_path: Path, image_dir: Path, there: Session, path: str, quiet: Ran
) -> None:
    file, out = write_sweep(tmp_path, content(image_dir)), tmp_path / "out"
    with driving("sweep", "grid", file, "-o", out, *ONE, cwd=tmp_path, PYTHONPATH=path) as driver:
        wait_for(partial(reached, out, 9), driver)
        driver.kill_all()
    root = result_dir(out)
    done = there.run("sweep", "grid", "--resume", root, *ONE, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    same(root, quiet.root)
    names = ("trial", "epoch", "score", "stop")
    ours, theirs = ([tuple(e[n] for n in names) for e in events(where, "decision")]
                    for where in (root, quiet.root))  # fmt: skip
    assert ours == theirs


def test_it_stops_trials_of_a_group(tmp_path: Path, image_dir: Path, there: Session) -> None:
    words = ("--fuse", "5", "--wandb", "disabled")
    ran = there.sweep(tmp_path, content(image_dir), "grid", *words)
    assert ran.status == 0, ran.err
    rows = trials(ran.root)
    assert list(rows["fused"]) == [5] * 5
    assert list(rows["state"]) == ["completed"] * 2 + ["stopped"] * 3


def test_its_keys_are_checked(tmp_path: Path, image_dir: Path, there: Session) -> None:
    def refused(**keys: Any) -> str:
        early = {"type": "below_mean", **keys}
        file = write_sweep(tmp_path, content(image_dir, early_terminate=early))
        done = there.run("sweep", "grid", file, "--dry-run", cwd=tmp_path)
        assert done.returncode == 2, done.stdout
        return done.stderr.removeprefix(f"{file}:").partition(" ")[2].strip()

    assert refused(grace=0) == "early_terminate.grace: must be at least 1, got 0"
    assert refused(grase=2) == "early_terminate.grase: unknown key, did you mean 'grace'?"
    rule = "must be less than the epochs of the longest trial (4)"
    assert refused(grace=4) == f"early_terminate.grace: {rule}, got 4"
    listed = "must be 'asha', 'asha_promote', 'below_mean', 'hyperband', 'median', 'pb2' or 'pbt'"
    assert refused(type="mean") == f"early_terminate.type: {listed}, got 'mean'"


def test_a_report_has_no_rungs(quiet: Ran, tmp_path: Path, there: Session) -> None:
    done = there.run("report", quiet.root, "-o", tmp_path / "report", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert not list((tmp_path / "report").rglob("*rungs*"))
    assert list((tmp_path / "report").rglob("*.html"))
