"""Sweeps that start from the results of earlier ones."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.running.test_growing import RATE, WORDS, content
from tests.support.faults import events, history, result_dir, trials, write_sweep
from tests.support.in_process import Done, Ran, run_here, sweep_here
from tests.support.object_store import BUCKET, serving
from tune_mc1.config.load import load_sweep
from tune_mc1.planning.flags import PlanFlags
from tune_mc1.planning.warm_start import prepare_from
from tune_mc1.running.search.begin_learning import learn_from


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, image_dir: Path) -> Ran:
    """The earlier sweep."""
    folder = tmp_path_factory.mktemp("first")
    return sweep_here(folder, content(image_dir, 3), "random", *WORDS)


def start(folder: Path, *words: str | Path) -> Done:
    return run_here("sweep", *words, "-o", folder / "out", *WORDS, cwd=folder)


def test_equal_trials_are_taken_over_and_others_run(
    tmp_path: Path, image_dir: Path, first: Ran
) -> None:
    file = write_sweep(tmp_path, content(image_dir, 4))
    done = start(tmp_path, "random", file, "--from", first.root)
    assert done.returncode == 0, done.stderr
    assert "3 trials are taken over, not run again: t0001, t0002, t0003" in done.stderr
    root = result_dir(tmp_path / "out")
    assert [event["trial"] for event in events(root, "start")] == ["t0004"]
    new, old = trials(root), trials(first.root)
    assert list(new["taken_from"][:3]) == [f"{first.root.name}/t000{n}" for n in (1, 2, 3)]
    assert pd.isna(new["taken_from"][3])
    same = [name for name in old.columns if not name.startswith("test_") and name != "log"]
    pd.testing.assert_frame_equal(new[same][:3], old[same], check_exact=True)
    taken = history(root).query("trial != 't0004'")
    pd.testing.assert_frame_equal(taken, history(first.root), check_exact=True)
    assert new["test_acc"].notna().sum() == 1  # scored from the checkpoint that was copied
    more = run_here("sweep", "random", "--resume", root, "--epochs", "2", *WORDS, cwd=tmp_path)
    assert more.returncode == 0, more.stderr
    assert list(trials(root)["epochs_run"]) == [2, 2, 2, 2]
    assert len(history(root)) == 8  # from the copied checkpoints


def test_the_best_settings_run_with_new_seeds_and_their_exact_values(
    tmp_path: Path, first: Ran
) -> None:
    words = ("--from", first.root, "--best", "2", "--replicates", "2")
    done = start(tmp_path, "grid", *words)
    assert done.returncode == 0, done.stderr
    root = result_dir(tmp_path / "out")
    best = trials(first.root).nlargest(2, "best_val_acc", keep="first")
    found = trials(root)
    assert list(found["learning_rate"]) == [rate for rate in best["learning_rate"] for _ in (1, 2)]
    assert list(found["config_hash"]) == [key for key in best["config_hash"] for _ in (1, 2)]
    assert list(found["seed"]) == [1, 2, 1, 2]
    sweep = load_sweep(root / "sweep.yaml").sweep
    assert len(sweep.candidates) == 2
    again = run_here("sweep", "grid", "--resume", root, *WORDS, cwd=tmp_path)
    assert "4 of 4 trials have already ended" in again.stderr


def test_a_file_says_how_long_the_best_settings_run(tmp_path: Path, first: Ran) -> None:
    file = tmp_path / "longer.yaml"
    file.write_text("parameters: {epochs: {value: 7}}\n")
    words = ("--from", first.root, "--best", "1", "--dry-run", "--json", "-d", "shapes10")
    done = start(tmp_path, "grid", file, *words)
    assert done.returncode == 0, done.stderr
    assert '"epochs": 7' in done.stdout
    best = trials(first.root).nlargest(1, "best_val_acc")["learning_rate"].item()
    assert f'"learning_rate": {best!r}' in done.stdout
    file.write_text("parameters: {epochs: {values: [7, 9]}}\n")
    done = start(tmp_path, "grid", file, *words)
    assert done.returncode == 2
    assert "parameters.epochs: must have one value with --best, which" in done.stderr
    assert "without a file, settings run as they were" in done.stderr


@pytest.mark.parametrize(
    ("keys", "words", "message"),
    [
        (
            {"metric": {"name": "val_loss"}},
            (),
            "metric: was maximize val_acc, is minimize val_loss",
        ),
        ({"limit_images": 0.5}, (), "limit_images: was 1, is 0.5"),
        ({}, ("--best", "1"), "--best: only valid with sweep grid, got random"),
        ({"validation": {"holdout": 0.2}}, (), "validation: was {'holdout': 0.1"),
        ({"data": "shapes10"}, (), "fingerprint: was "),
    ],
)
def test_what_does_not_compare_is_refused(
    tmp_path: Path,
    image_dir: Path,
    first: Ran,
    keys: dict[str, Any],
    words: tuple[str, ...],
    message: str,
) -> None:
    file = write_sweep(tmp_path, {**content(image_dir, 3), **keys})
    done = start(tmp_path, "random", file, "--from", first.root, *words)
    assert done.returncode == 2
    assert message in done.stderr
    assert not list((tmp_path / "out").glob("*"))


def test_evidence_is_what_the_search_could_have_drawn(
    tmp_path: Path, image_dir: Path, first: Ran
) -> None:
    rates = sorted(trials(first.root)["learning_rate"])
    narrow = {**content(image_dir, 3), "early_terminate": None}
    narrow["parameters"]["learning_rate"] = {**RATE, "min": rates[0] * 1.01}
    words = ("--from", first.root, "--dry-run")
    done = start(tmp_path, "bayes", write_sweep(tmp_path, narrow), *words)
    assert done.returncode == 0, done.stderr
    assert "2 of its 3 trials are evidence" in done.stderr
    narrow["parameters"]["epochs"] = {"value": 2}
    done = start(tmp_path, "bayes", write_sweep(tmp_path, narrow), *words)
    assert "0 of its 3 trials are evidence" in done.stderr  # shorter ones say too little
    narrow["early_terminate"] = {"type": "asha", "min_iter": 1}
    done = start(tmp_path, "bayes", write_sweep(tmp_path, narrow), *words)
    assert "2 of its 3 trials are evidence" in done.stderr


@pytest.mark.parametrize(
    ("keys", "again"),
    [({}, False), ({"seed": {"value": 5}}, True), ({"epochs": {"value": 2}}, True)],
    ids=["equal", "other-seed", "longer"],
)
def test_a_search_that_learns_does_not_repeat_what_was_run(
    tmp_path: Path, image_dir: Path, first: Ran, keys: dict[str, Any], again: bool
) -> None:
    """The first settings of a Bayesian search are those that a random one draws."""
    pytest.importorskip("optuna")
    from tune_mc1.running.search.bayes.search import BayesSearch

    more = content(image_dir, 3)
    more["parameters"] |= keys
    file = write_sweep(tmp_path, more)
    plan = prepare_from("bayes", file, [str(first.root)], None, PlanFlags.of())
    assert plan.warm is not None
    assert len(plan.warm.evidence) == 3
    search = BayesSearch(plan.sweep)
    learn_from(search, plan.warm.evidence)
    asked = [search.ask(f"t{i}")["learning_rate"] for i in range(3)]
    assert any(rate in set(trials(first.root)["learning_rate"]) for rate in asked) == again


def test_a_search_whose_settings_were_all_run_says_so_and_ends(
    tmp_path: Path, image_dir: Path
) -> None:
    """Also where some of them are left, and the sweep was to have more."""
    sweep = content(image_dir, 5, learning_rate={"values": [0.01, 0.02]})
    sweep["keep_checkpoints"] = "best"  # so that a resume writes to the journal
    (tmp_path / "whole").mkdir()
    whole = sweep_here(tmp_path / "whole", {**sweep, "method": "bayes"}, "bayes", *WORDS)
    assert whole.status == 0, whole.err
    assert "The sweep ends with 2 trials: there is no further setting\n" in whole.out
    assert "Ended by search space: there is no further setting (no trial left)" in whole.out
    file = write_sweep(tmp_path, {**sweep, "method": "bayes"})
    done = start(tmp_path, "bayes", file, "--from", whole.root)
    assert done.returncode == 0, done.stderr
    line = "ends with 0 trials: there is no further setting that the earlier sweeps have not run"
    assert line in done.stdout
    for root in (whole.root, result_dir(tmp_path / "out")):
        shown = run_here("show", root, cwd=tmp_path)
        assert shown.returncode == 0, shown.stderr
        assert "Ended by search space" in shown.stdout
        assert "interrupted" not in shown.stdout
        again = run_here("sweep", "bayes", "--resume", root, *WORDS, cwd=tmp_path)
        assert again.returncode == 0, again.stderr
        assert "Starting" not in again.stdout, "as nothing is left to try"
    more = ("--set", "learning_rate=0.01,0.02,0.03", *WORDS)
    done = run_here("sweep", "bayes", "--resume", whole.root, *more, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(trials(whole.root)) == 3


def test_an_earlier_sweep_may_be_in_an_object_store(
    tmp_path: Path, image_dir: Path, first: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(monkeypatch) as store:
        for path in first.root.rglob("*"):
            if path.is_file():
                name = f"earlier/{path.relative_to(first.root)}"
                store.client.upload_file(str(path), BUCKET, name)
        file = write_sweep(tmp_path, content(image_dir, 3))
        done = start(tmp_path, "random", file, "--from", f"s3://{BUCKET}/earlier")
    assert done.returncode == 0, done.stderr
    root = result_dir(tmp_path / "out")
    assert list(trials(root)["taken_from"]) == [f"earlier/t000{n}" for n in (1, 2, 3)]
    assert trials(root)["test_acc"].notna().sum() == 1  # from a checkpoint in the store
    assert not events(root, "start")
