"""Sweeps that are resumed with more settings, more seeds, or other values of their parameters."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from tests.support.faults import events, history, trials, write_sweep
from tests.support.in_process import Done, Ran, run_here, sweep_here
from tune_mc1.results.journal import read_events
from tune_mc1.results.tables import SweepTables

RATE = {"distribution": "log_uniform_values", "min": 1e-4, "max": 0.3}
WORDS = ("--max-concurrent", "1", "--wandb", "disabled")


def content(image_dir: Path, run_cap: int, **parameters: Any) -> dict[str, Any]:
    return {
        "method": "random",
        "parameters": {"learning_rate": RATE, "epochs": {"value": 1}, **parameters},
        "run_cap": run_cap,
        "data": str(image_dir),
        "fuse": "off",
    }


@pytest.fixture(scope="module")
def larger(tmp_path_factory: pytest.TempPathFactory, image_dir: Path) -> Ran:
    """What a sweep that grew is compared with."""
    folder = tmp_path_factory.mktemp("larger")
    return sweep_here(folder, content(image_dir, 3), "random", *WORDS, "--replicates", "2")


def resumed(root: Path, *words: str | Path, method: str = "random") -> Done:
    return run_here("sweep", method, *words, "--resume", root, *WORDS, cwd=root.parent)


def rows(root: Path) -> pd.DataFrame:
    """What was learnt with each setting and seed, whatever the order."""
    names = ["learning_rate", "seed", "epoch", "val_loss", "val_acc", "steps"]
    both = history(root).drop(columns="learning_rate").merge(trials(root), on="trial")
    return both[names].sort_values(names[:3], ignore_index=True)


def known_scores(frame: pd.DataFrame) -> list[tuple[str, float | None]]:
    scores = frame["test_acc"].astype(object).where(frame["test_acc"].notna(), None)
    return list(zip(frame["trial"], scores, strict=True))


def scores_while(root: Path, kind: str) -> list[tuple[str, float]]:
    """Test scores that a reader saw at the last event of a kind, of the sweep that had grown."""
    all_events = [event for event, _ in read_events(root / "journal.jsonl")]
    last = max(i for i, event in enumerate(all_events) if event["event"] == kind)
    assert any(event["event"] in ("grow", "extend") for event in all_events[:last])
    tables = SweepTables()
    tables.apply_all(all_events[: last + 1])
    rows = tables.trials.values()
    return [(row["trial"], row["test_acc"]) for row in rows if row["test_acc"] is not None]


def test_more_settings_and_seeds_give_what_a_larger_sweep_gives(
    tmp_path: Path, image_dir: Path, larger: Ran
) -> None:
    first = sweep_here(tmp_path, content(image_dir, 2), "random", *WORDS)
    assert first.status == 0, first.err
    before, root = trials(first.root), first.root
    old = (root / "sweep.yaml").read_text()
    done = resumed(root, "-n", "3", "--replicates", "2")
    assert done.returncode == 0, done.stderr
    assert "run_cap: was 2, is 3" in done.stderr
    assert "2 of 6 trials have already ended" in done.stderr
    pd.testing.assert_frame_equal(rows(root), rows(larger.root), check_exact=True)
    tests = [name for name in before.columns if name.startswith("test_")]
    kept = trials(root)[: len(before)]
    pd.testing.assert_frame_equal(kept.drop(columns=tests), before.drop(columns=tests))
    assert trials(root)["test_acc"].notna().sum() == 2  # of the new winner's two seeds
    assert scores_while(root, "epoch") == [(t, s) for t, s in known_scores(before) if s is not None]
    (record,) = json.loads((root / "provenance.json").read_text())["resumed"]
    assert record["sweep_before"] == old
    assert yaml.safe_load((root / "sweep.yaml").read_text())["run_cap"] == 3
    (root / "sweep.yaml").write_text(old)  # as if it had been killed between the two
    again = resumed(root)
    assert again.returncode == 0, again.stderr
    assert "6 of 6 trials have already ended" in again.stderr
    assert yaml.safe_load((root / "sweep.yaml").read_text())["run_cap"] == 3
    assert len(events(root, "start")) == 6
    assert len(events(root, "grow")) == 1


def test_other_values_keep_what_fits_and_leave_the_rest_as_it_is(
    tmp_path: Path, image_dir: Path
) -> None:
    grid = content(image_dir, 4)
    grid["parameters"]["learning_rate"] = {"values": [0.1, 0.01]}
    first = sweep_here(tmp_path, grid, "grid", *WORDS)
    assert first.status == 0, first.err
    root = first.root
    grid["parameters"] |= {
        "learning_rate": {"values": [0.02, 0.01]},
        "label_smoothing": {"value": 0.0},
    }
    done = resumed(root, write_sweep(tmp_path, grid), method="grid")
    assert done.returncode == 0, done.stderr
    assert "not in the sweep any more, so they stay as they are: t0001" in done.stderr
    found = trials(root)
    assert list(found["learning_rate"]) == [0.1, 0.01, 0.02]
    assert set(found["state"]) == {"completed"}
    assert list(found["label_smoothing"]) == [0.0, 0.0, 0.0]
    assert len(events(root, "start")) == 3
    shown = run_here("show", root, cwd=tmp_path)
    assert shown.returncode == 0
    assert "t0001" in shown.stdout


def test_what_cannot_change_is_refused(tmp_path: Path, image_dir: Path, larger: Ran) -> None:
    other = {**content(image_dir, 3), "metric": {"name": "val_loss"}, "search_seed": 4}
    other["replicates"] = 2
    done = resumed(larger.root, write_sweep(tmp_path, other))
    assert done.returncode == 2
    assert [line.partition("sweep.yaml: ")[2] for line in done.stderr.strip().splitlines()] == [
        "metric.name: was 'val_acc', is 'val_loss'",
        "metric.goal: was 'maximize', is 'minimize'",
        "search_seed: was 0, is 4",
    ]


def test_bayes_goes_on_with_other_values_from_what_it_has_seen(
    tmp_path: Path, image_dir: Path
) -> None:
    pytest.importorskip("optuna")
    first = sweep_here(tmp_path, content(image_dir, 2), "bayes", *WORDS)
    assert first.status == 0, first.err
    rates = sorted(trials(first.root)["learning_rate"])
    other = content(image_dir, 3)
    other["parameters"]["learning_rate"] = {**RATE, "min": rates[0] * 1.01, "max": 0.9}
    done = resumed(first.root, write_sweep(tmp_path, other), method="bayes")
    assert done.returncode == 0, done.stderr
    assert "1 of 3 trials have already ended" in done.stderr
    found = trials(first.root)
    assert len(found) == 4  # one is outside
    assert found["learning_rate"][2:].min() > rates[0]
    again = resumed(first.root, method="bayes")
    assert "3 of 3 trials have already ended" in again.stderr
    assert again.returncode == 0, again.stderr


def test_a_winner_without_its_checkpoint_keeps_its_score(tmp_path: Path, image_dir: Path) -> None:
    """`keep_checkpoints: none` has removed it, so it cannot be scored again."""
    more = content(image_dir, 1) | {"keep_checkpoints": "none"}
    more["metric"] = {"name": "val_loss", "goal": "minimize"}
    more["parameters"]["learning_rate"] = {"values": [0.05]}
    first = sweep_here(tmp_path, more, "grid", *WORDS)
    assert first.status == 0, first.err
    before = known_scores(trials(first.root))
    predicted = pd.read_parquet(first.root / "predictions.parquet")
    done = resumed(first.root, "-n", "2", "--set", "learning_rate=0.05,0.0000001", method="grid")
    assert done.returncode == 0, done.stderr
    assert "could not be scored" not in done.stderr
    assert known_scores(trials(first.root)) == [*before, ("t0002", None)]
    pd.testing.assert_frame_equal(pd.read_parquet(first.root / "predictions.parquet"), predicted)
    assert resumed(first.root, method="grid").returncode == 0
    assert len(events(first.root, "test")) == 2, "with its first score, and as the sweep had grown"
