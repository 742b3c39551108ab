"""Whole sweeps in which trials pause, are promoted, and go on from their checkpoints."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.support.in_process import Ran, run_here, sweep_here
from tune_mc1.errors import SweepStopped
from tune_mc1.reporting.drawing.context import Context
from tune_mc1.reporting.figures.asha_rungs import rungs_of
from tune_mc1.reporting.frames import read_frames
from tune_mc1.reporting.pages.result_tables import trials_view
from tune_mc1.reporting.words.page_texts import speaker
from tune_mc1.results.directory import ResultDir
from tune_mc1.running.callbacks.watch import ProgressCallback

RATES = [0.05, 0.003, 0.1, 1000, 0.0001, 0.03, 0.01, 0.001]


def content(image_dir: Path, **keys: Any) -> dict[str, Any]:
    return {
        "method": "grid",
        "metric": {"name": "val_loss", "goal": "minimize"},
        "parameters": {
            "model": {"value": "CNN"},
            "learning_rate": {"values": RATES},
            "epochs": {"value": 4},
        },
        "early_terminate": {"type": "asha_promote", "min_iter": 1, "eta": 2},
        "data": str(image_dir),
        "tracker": "none",
        **keys,
    }


def trials_of(ran: Ran) -> pd.DataFrame:
    return pd.read_parquet(ran.root / "trials.parquet").set_index("trial")


def history_of(root: Path) -> pd.DataFrame:
    rows = pd.read_parquet(root / "history.parquet").set_index(["trial", "epoch"]).sort_index()
    return rows.drop(columns=["seconds", "images_per_second", "time"], errors="ignore")


def went_on(ran: Ran) -> set[tuple[str, int]]:
    return {(e["trial"], e["rung"]) for e in ran.events("rung") if not e["stop"]}


def check_report(ran: Ran, stopped: Collection[str]) -> None:
    """Its rungs are those of the journal, and its table says why trials were stopped."""
    frames = read_frames(ran.root)
    rungs = rungs_of(Context(frames, "en"))
    for rung in rungs[:-1]:
        came = {e["trial"] for e in ran.events("rung") if e["rung"] == rung.epoch and e["score"]}
        assert rung.arrived.sum() == len(came)
        assert rung.went_on.sum() == sum(at == rung.epoch for _, at in went_on(ran))
    table = trials_view(frames, speaker("de"))
    assert table.columns[-1] == "Warum gestoppt"
    why = {row[0].text: row[-1].text for row in table.rows}
    assert {trial for trial, text in why.items() if "die beste Hälfte von" in text} == set(stopped)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, image_dir: Path) -> Ran:
    """Every trial to its end."""
    folder = tmp_path_factory.mktemp("plain")
    keys = {"early_terminate": None, "fuse": "off"}
    return sweep_here(folder, content(image_dir, **keys), "grid")


def check_promoted(ran: Ran, plain: Ran) -> None:
    """The numbers are those of trials that never paused, up to where they got."""
    trials, promoted = trials_of(ran), went_on(ran)
    assert set(trials["state"]) == {"completed", "stopped", "diverged"}
    ended = {trial for trial, rung in promoted if rung == 2}
    assert ended
    assert set(trials.index[trials["state"] == "completed"]) == ended
    assert not [e for e in ran.events("end") if e["state"] == "failed"]
    rows = history_of(ran.root)
    pd.testing.assert_frame_equal(rows, history_of(plain.root).loc[rows.index])


def test_alone_the_numbers_are_those_without_pauses(
    tmp_path: Path, image_dir: Path, plain: Ran
) -> None:
    ran = sweep_here(tmp_path, content(image_dir, fuse="off", keep_checkpoints="best"), "grid")
    assert ran.status == 0, ran.err
    check_promoted(ran, plain)
    assert len(ran.events("start")) > len(RATES), "promoted trials start again"
    trials = trials_of(ran)
    winner = trials["best_val_loss"].idxmin()
    assert [p.name for p in (ran.root / "checkpoints").iterdir()] == [winner]
    assert {e["trial"] for e in ran.events("removed")} >= set(trials.index) - {winner, "t0004"}
    stopped = trials.index[trials["state"] == "stopped"]
    for trial in stopped:
        shown = run_here("show", ran.root, trial, cwd=tmp_path).stdout
        assert "stopped at epoch" in shown
        assert "the best half of" in shown
    check_report(ran, stopped)
    longer = run_here("sweep", "grid", "--resume", ran.root, "--epochs", "6", cwd=tmp_path)
    assert longer.returncode == 2
    assert "keep_checkpoints has removed the checkpoints" in longer.stderr


def test_interrupted_anywhere_it_ends_alike(
    tmp_path: Path, image_dir: Path, plain: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Promotions go on, in groups of trials at one rung, from the journal alone."""
    real, steps = ProgressCallback.on_step_end, []

    def stop_soon(self: ProgressCallback, *args: Any, **info: Any) -> None:
        real(self, *args, **info)
        paused = [r for r in self.view._tables.trials.values() if r["state"] == "paused"]
        steps.append(len(paused))
        if len(paused) >= 2:
            raise SweepStopped

    file = content(image_dir, fuse=4, keep_checkpoints="best")
    with monkeypatch.context() as patch:
        patch.setattr(ProgressCallback, "on_step_end", stop_soon)
        ran = sweep_here(tmp_path, file, "grid", "--max-concurrent", "1")
    assert ran.status == 130, ran.err
    assert steps[-1] >= 2
    states = [row["state"] for row in ResultDir(ran.root).read().trials.values()]
    assert "paused" in states
    done = run_here("sweep", "grid", "--resume", ran.root, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    trials, promoted = trials_of(ran), went_on(ran)
    assert set(trials["state"]) == {"completed", "stopped", "diverged"}
    assert {t for t, rung in promoted if rung == 2} == set(
        trials.index[trials["state"] == "completed"]
    )
    assert max(e["fused"] for e in ran.events("start")) > 1
    rows = history_of(ran.root)["val_loss"]
    expected = history_of(plain.root)["val_loss"].loc[rows.index]
    pd.testing.assert_series_equal(rows, expected, rtol=0.02)
