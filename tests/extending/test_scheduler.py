"""A trial scheduler of another package: one that stops trials below the mean."""

from functools import partial
from pathlib import Path
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
from tests.support.in_process import Ran
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
    listed = "must be 'asha', 'asha_promote', 'below_mean', 'hyperband', 'median' or 'pbt'"
    assert refused(type="mean") == f"early_terminate.type: {listed}, got 'mean'"


def test_a_report_has_no_rungs(quiet: Ran, tmp_path: Path, there: Session) -> None:
    done = there.run("report", quiet.root, "-o", tmp_path / "report", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert not list((tmp_path / "report").rglob("*rungs*"))
    assert list((tmp_path / "report").rglob("*.html"))
