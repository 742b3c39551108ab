"""Whole sweeps of population based training: exchanges, kills, fused groups, and what is shown."""

import json
from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import torch
import yaml

from tests.support.faults import driving, events, result_dir, wait_for, write_sweep
from tests.support.in_process import Ran, run_here, sweep_here
from tune_mc1.errors import InputError
from tune_mc1.planning.flags import PlanFlags
from tune_mc1.planning.plan import prepare
from tune_mc1.planning.resume import prepare_resume
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.exchanges import copies_of
from tune_mc1.results.tables import trial_of
from tune_mc1.running.steering.adding import grown

TRIALS, EPOCHS = 5, 3


def content(image_dir: Path, **keys: Any) -> dict[str, Any]:
    rate = {"distribution": "log_uniform_values", "min": 0.0005, "max": 0.2}
    return {
        "method": "random",
        "run_cap": TRIALS,
        "metric": {"name": "val_loss", "goal": "minimize"},
        "parameters": {
            "model": {"value": "CNN"},
            "learning_rate": rate,
            "momentum": {"values": [0.0, 0.5, 0.9]},
            "batch_size": {"values": [32, 64]},
            "epochs": {"value": EPOCHS},
        },
        "early_terminate": {"type": "pbt", "perturbation_interval": 1, "quantile_fraction": 0.4},
        "data": str(image_dir),
        "tracker": "none",
        **keys,
    }


def history_of(root: Path) -> pd.DataFrame:
    rows = pd.read_parquet(root / "history.parquet").set_index(["trial", "epoch"]).sort_index()
    return rows.drop(columns=["seconds", "images_per_second", "time"])


def exchanges_of(ran: Ran) -> list[dict[str, Any]]:
    return [{k: v for k, v in e.items() if k != "time"} for e in ran.events("exchange")]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, image_dir: Path) -> Ran:
    """A sweep that nothing interrupted, with every trial alone."""
    ran = sweep_here(tmp_path_factory.mktemp("whole"), content(image_dir, fuse="off"), "random")
    assert ran.status == 0, ran.err
    return ran


@pytest.mark.usefixtures("quick_figures")
def test_the_results_have_the_settings_of_every_epoch(whole: Ran, tmp_path: Path) -> None:
    tables, history = ResultDir(whole.root).read(), history_of(whole.root)
    assert {row["state"] for row in tables.trials.values()} == {"completed"}
    assert len(history) == TRIALS * EPOCHS
    exchanges = exchanges_of(whole)
    assert [event["epoch"] for event in exchanges] == [1, 2]
    for event in exchanges:
        scores = history["val_loss"].xs(event["epoch"], level="epoch").sort_values()
        assert {copy["trial"] for copy in event["copies"]} == set(scores.index[-2:])
        assert {copy["source"] for copy in event["copies"]} <= set(scores.index[:2])
        for copy in event["copies"]:
            after = history.loc[copy["trial"], event["epoch"] + 1]
            source = history.loc[copy["source"], event["epoch"]]
            assert after["copied_from"] == copy["source"]
            assert after["batch_size"] == source["batch_size"] == copy["config"]["batch_size"]
            for name in ("learning_rate", "momentum"):
                assert after[name] == copy["config"][name]
    copied = [(c["trial"], e["epoch"], c["source"]) for e in exchanges for c in e["copies"]]
    assert history["copied_from"].notna().sum() == len(copied)
    listed = [(t, *pair) for t in tables.trials for pair in copies_of(tables, t)]
    assert sorted(listed) == sorted(copied)
    trial, epoch, source = copied[0]
    shown = run_here("show", whole.root, trial, cwd=tmp_path).stdout
    assert f"from {source} after epoch {epoch}" in shown
    assert "momentum" in shown
    assert f"{trial} copies {source} after epoch {epoch}, val_loss" in whole.out + whole.err
    assert tables.trials[trial]["seed"] == 0
    hashes = [row["config_hash"] for row in tables.trials.values()]
    assert len(set(hashes)) == TRIALS
    assert run_here("report", whole.root, cwd=tmp_path).returncode == 0


def test_a_trial_goes_on_with_its_own_settings(whole: Ran) -> None:
    """Its optimiser has the weights' momentum, and the rate of the trial."""
    last = exchanges_of(whole)[-1]["copies"][0]
    folder = whole.root / "checkpoints" / last["trial"]
    assert not (folder / "copied.ckpt").exists()
    saved = torch.load(folder / "last.ckpt", weights_only=True)
    (group,) = saved["optimizer_states"][0]["param_groups"]
    assert group["lr"] == last["config"]["learning_rate"]
    assert group["momentum"] == last["config"]["momentum"]


def test_another_budget_leaves_out_no_trial(tmp_path: Path, whole: Ran) -> None:
    """Other sweeps look for their trials by their settings then, which here are not their own."""
    root = tmp_path / "copy"
    copytree(whole.root, root)
    source, trial = ResultDir(root).read().trials.values(), "t0001"
    other = next(row for row in source if row["trial"] != trial)
    columns = ResultDir(root).read().columns
    config = trial_of(other, columns).config
    copy = {"trial": trial, "source": other["trial"], "score": 0.1, "source_score": 0.2}
    copy |= {"config": config.values, "config_hash": config.config_hash}
    event = {"time": 1.0, "event": "exchange", "epoch": 2, "trials": [trial], "copies": [copy]}
    with (root / "journal.jsonl").open("a") as journal:
        journal.write(json.dumps(event) + "\n")
    flags = PlanFlags.of(budget="epochs=100")
    plan = prepare_resume("random", None, root, flags=flags)
    assert plan.growth.changes
    assert [trial.id for trial in plan.trials] == [f"t{i:04}" for i in range(1, TRIALS + 1)]
    assert not plan.growth.outside
    assert plan.trials[0].values["learning_rate"] == other["learning_rate"]


def test_a_population_cannot_grow_as_it_runs(image_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "pbt.yaml"
    file.write_text(yaml.safe_dump(content(image_dir)))
    plan = prepare("random", file)
    with pytest.raises(InputError, match="pbt exchanges settings between its trials, so that"):
        grown(SimpleNamespace(sweep=plan.sweep), plan.trials, 2)  # type: ignore[arg-type]


def before_exchange(root: Path) -> bool:
    return len(events(root, "pause")) >= TRIALS - 1


def as_it_trains(root: Path) -> bool:
    return len(events(root, "exchange")) == 2


@pytest.mark.slow
@pytest.mark.parametrize("when", [before_exchange, as_it_trains])
def test_killed_anywhere_it_ends_alike(
    tmp_path: Path, image_dir: Path, whole: Ran, when: Callable[[Path], bool]
) -> None:
    """No decision and no number depends on where the sweep was cut off."""
    file, out = write_sweep(tmp_path, content(image_dir, fuse="off")), tmp_path / "out"
    words = ("sweep", "random", file, "-o", out)
    with driving(*words, cwd=tmp_path) as driver:
        wait_for(lambda: any(map(when, out.glob("*"))), driver)
        driver.kill_all()
    root = result_dir(out)
    assert {row["state"] for row in ResultDir(root).read().trials.values()} != {"completed"}
    done = run_here("sweep", "random", "--resume", root, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [(e["epoch"], e["copies"]) for e in events(root, "exchange")] == [
        (e["epoch"], e["copies"]) for e in exchanges_of(whole)
    ]
    pd.testing.assert_frame_equal(history_of(root), history_of(whole.root))


def test_fused_trials_exchange_alike(tmp_path: Path, image_dir: Path, whole: Ran) -> None:
    file = content(image_dir, fuse=4)
    ran = sweep_here(tmp_path, file, "random")
    assert ran.status == 0, ran.err
    assert max(event["fused"] for event in ran.events("start")) > 1
    assert [e["trials"] for e in exchanges_of(ran)] == [e["trials"] for e in exchanges_of(whole)]
    rows, alone = history_of(ran.root), history_of(whole.root)
    pd.testing.assert_series_equal(
        rows["val_loss"].xs(1, level="epoch"), alone["val_loss"].xs(1, level="epoch"), rtol=0.02
    )
    for event in exchanges_of(ran):
        for copy in event["copies"]:
            after = rows.loc[copy["trial"], event["epoch"] + 1]
            assert after["learning_rate"] == copy["config"]["learning_rate"]
    assert not list(ran.root.glob("checkpoints/*/copied.ckpt"))
