"""Populations that are killed within an exchange, whose trials fail, or that end with a budget."""

from collections import Counter
from pathlib import Path
from shutil import copytree
from typing import Any

import pandas as pd
import pytest

from tests.running.test_pbt_sweep import content, exchanges_of, history_of
from tests.support.faults import events
from tests.support.in_process import Ran, run_here, sweep_here
from tune_mc1.results.directory import ResultDir
from tune_mc1.running.schedulers.copied_files import CopiedFiles

MOMENTS = ("one copied 1", "all copied 2", "written 1", "written 2")


class Snapshots:
    """What a sweep's directory has at moments within its exchanges, as a kill would leave it."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self._seen = folder, Counter[str]()
        copy, publish = CopiedFiles.copy, CopiedFiles.publish

        def copied(files: CopiedFiles, trial: str, source: str) -> None:
            copy(files, trial, source)
            exchange = self._seen["exchange"] + 1
            if not self._seen[f"copies {exchange}"]:
                self._take(files, f"one copied {exchange}")
            self._seen[f"copies {exchange}"] += 1
            if self._seen[f"copies {exchange}"] == 2:
                self._take(files, f"all copied {exchange}")

        def published(files: CopiedFiles) -> None:
            publish(files)
            self._seen["exchange"] += 1
            self._take(files, f"written {self._seen['exchange']}")

        patch.setattr(CopiedFiles, "copy", copied)
        patch.setattr(CopiedFiles, "publish", published)

    def _take(self, files: CopiedFiles, name: str) -> None:
        copytree(files._where.root, self.folder / name)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, image_dir: Path) -> tuple[Ran, Path]:
    """A sweep that nothing interrupted, and what a kill within its exchanges would have left."""
    folder = tmp_path_factory.mktemp("moments")
    with pytest.MonkeyPatch.context() as patch:
        Snapshots(folder, patch)
        whole = tmp_path_factory.mktemp("whole")
        ran = sweep_here(whole, content(image_dir, fuse="off"), "random")
    assert ran.status == 0, ran.err
    return ran, folder


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_within_an_exchange_it_ends_alike(
    tmp_path: Path, whole: tuple[Ran, Path], moment: str
) -> None:
    """Some checkpoints are copied and the journal knows nothing; or it does, and nothing began."""
    ran, folder = whole
    root = tmp_path / "killed"
    copytree(folder / moment, root)
    number = int(moment[-1])
    assert len(events(root, "exchange")) == number - (not moment.startswith("written"))
    assert list(root.glob("checkpoints/*/copied.ckpt"))
    done = run_here("sweep", "random", "--resume", root, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    made = [{k: v for k, v in e.items() if k != "time"} for e in events(root, "exchange")]
    assert made == exchanges_of(ran)
    pd.testing.assert_frame_equal(history_of(root), history_of(ran.root))
    assert not list(root.glob("checkpoints/*/copied.ckpt"))


BROKEN = """
def broken(logits, labels):
    raise ValueError("no loss today")
"""


@pytest.mark.usefixtures("quick_figures")
@pytest.mark.parametrize(("fuse", "kind"), [("off", "pbt"), (4, "pb2")])
def test_failed_trials_are_replaced(tmp_path: Path, image_dir: Path, fuse: Any, kind: str) -> None:
    """They go on with the loss of another one, and nothing is learnt from their own settings."""
    (tmp_path / "losses.py").write_text(BROKEN)
    keys: dict[str, Any] = content(image_dir, run_cap=6, fuse=fuse, max_failures=0)
    keys["parameters"]["loss_function"] = {"values": ["cross_entropy", "losses:broken"]}
    keys["early_terminate"]["type"] = kind
    ran = sweep_here(tmp_path, keys, "random")
    assert ran.status == 0, ran.err
    failed = [event["trial"] for event in ran.events("end") if event["state"] == "failed"]
    assert failed, "else this test shows nothing"
    first, *_ = exchanges_of(ran)
    replaced = {copy["trial"]: copy for copy in first["copies"] if copy["trial"] in failed}
    assert sorted(replaced) == sorted(failed)
    rows, history = ResultDir(ran.root).read().trials, history_of(ran.root)
    for trial, copy in replaced.items():
        assert f"{trial}, which failed, copies {copy['source']} after" in ran.out + ran.err
        assert trial not in first.get("settings", {})
        assert list(history.loc[trial].index) == [2, 3]
        assert (rows[trial]["state"], rows[trial]["error"]) == ("completed", None)
        assert rows[trial]["loss_function"] == "CrossEntropyLoss"
        speed = history.loc[trial, "learning_rate"]
        assert speed.notna().all()
    assert run_here("show", ran.root, *replaced, cwd=tmp_path).returncode == 0
    assert run_here("report", ran.root, cwd=tmp_path).returncode == 0


@pytest.mark.parametrize("fuse", ["off", 4])
def test_a_budget_ends_a_population_anywhere_and_it_goes_on(
    tmp_path: Path, image_dir: Path, whole: tuple[Ran, Path], fuse: Any
) -> None:
    ran = sweep_here(tmp_path, content(image_dir, fuse=fuse, budget={"epochs": 8}), "random")
    assert ran.status == 0, ran.err
    assert len(history_of(ran.root)) == 8
    assert "Ended by budget.epochs: 8 are used up" in ran.out
    words = ("sweep", "random", "--resume", ran.root, "--budget", "none")
    done = run_here(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(history_of(ran.root)) == 15
    if fuse == "off":
        pd.testing.assert_frame_equal(history_of(ran.root), history_of(whole[0].root))
