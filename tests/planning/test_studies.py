"""The studies of the reference by name, in full, scaled down, and as they were published."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.planning.test_reference_files import SWEEPS
from tests.planning.test_reference_files import plan as plan_file
from tune_mc1.cli.app import commands
from tune_mc1.config.load import load_sweep
from tune_mc1.config.parameters import Constant
from tune_mc1.config.sweep import Sweep
from tune_mc1.data.images import ImageData
from tune_mc1.data.splits import limit_images
from tune_mc1.errors import InputError
from tune_mc1.planning.flags import PlanFlags
from tune_mc1.planning.plan import prepare
from tune_mc1.planning.studies import STUDIES, as_published, scaled, study_file, study_rows

# Names under which the reference's own files are kept for tests.
OWN_FILES = {"estimation_error": "cross_validation", "complexity": "complexity_random"}


@pytest.mark.parametrize("name", STUDIES)
def test_study_has_the_trials_of_the_reference(name: str) -> None:
    ours = prepare(None, study_file(name))
    assert ours.sweep.name == name
    assert ours.notices == []
    own = SWEEPS / f"{OWN_FILES.get(name, name)}.yaml"
    theirs = plan_file(own, "grid" if ours.sweep.method == "grid" else "random")
    same = {"device": "auto"}  # the reference names its own GPU
    trials = ours.training_trials
    assert [t.config for t in trials] == [t.config.model_copy(update=same) for t in theirs]
    assert [t.fold for t in trials] == [t.fold for t in theirs]


def test_every_study_file_has_a_name_and_every_outcome_fits_its_sweep() -> None:
    files = {path.stem for path in study_file("adam").parent.glob("*.yaml")}
    assert files == set(STUDIES)
    for name in STUDIES:
        sweep = load_sweep(study_file(name)).sweep
        assert sweep.reference is not None
        for outcome in sweep.reference.outcomes:
            assert outcome.epoch == sweep.longest_epochs
            trials = [t.values for t in prepare(None, study_file(name)).trials]
            met = [t for t in trials if all(t[k] == v for k, v in outcome.where.items())]
            assert met, f"{name}: no trial is as {outcome.where}"
            if outcome.curve:
                assert len(outcome.curve) == outcome.epoch
                last = next(v for v in reversed(outcome.curve) if v is not None)
                assert last == pytest.approx(outcome.val_acc, abs=0.01)


def test_rows_of_the_list() -> None:
    rows = study_rows()
    assert [row["study"] for row in rows] == list(STUDIES)
    assert sum(row["trials"] for row in rows) == 120 + 5 + 10 + 7 + 2 + 50 + 3 * 35 + 1 + 2


def test_an_unknown_study_is_named() -> None:
    with pytest.raises(InputError, match=r"study: must be list, all, or one of .* did you mean"):
        study_file("regularization")


def test_scale_shares_the_work_evenly() -> None:
    grid = load_sweep(study_file("layers_and_units")).sweep
    small = scaled(grid, 0.25)
    assert small.limit_images == pytest.approx(0.5)
    assert small.longest_epochs == 10
    assert small.scale == 0.25
    search = scaled(load_sweep(study_file("adam")).sweep, 0.125)
    assert search.limit_images == pytest.approx(0.5)
    assert (search.longest_epochs, search.run_cap) == (30, 18)


def test_scale_leaves_what_the_user_has_set() -> None:
    search = load_sweep(study_file("adam")).sweep
    small = scaled(search, 0.25, keep={"epochs"})
    assert small.longest_epochs == 60
    assert small.run_cap == 18
    one_batch = scaled(load_sweep(study_file("single_batch")).sweep, 0.5)
    assert one_batch.limit_images == 1
    assert one_batch.longest_epochs == 5


@pytest.mark.parametrize("scale", [0, -1, 1.5])
def test_scale_outside_its_range(scale: float) -> None:
    with pytest.raises(InputError, match=r"--scale: must be greater than 0 and at most 1, got"):
        scaled(Sweep(), scale)


def test_as_published_validates_on_test_images_without_shuffling() -> None:
    sweep = as_published(load_sweep(study_file("layers_and_units")).sweep)
    assert sweep.validation == "test"
    assert sweep.parameters["shuffle"] == Constant(value=False)
    folds = as_published(load_sweep(study_file("estimation_error")).sweep)
    assert folds.validation != "test"


def test_limited_images_are_a_part_of_every_class(images: ImageData) -> None:
    part = limit_images(images, 0.3)
    assert len(part.train_labels) == pytest.approx(75, abs=5)
    for label in range(10):
        count = (images.train_labels == label).sum()
        assert (part.train_labels == label).sum() == round(count * 0.3)
    assert part.fingerprint != images.fingerprint
    assert limit_images(images, 0.3).fingerprint == part.fingerprint
    assert limit_images(images, 1.0) is images


def test_replicates_need_a_constant_seed(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"--replicates: must be 1 where parameters.seed varies"):
        prepare("grid", None, PlanFlags.of(["seed=1,2"], replicates=2))
    plan = prepare("grid", None, PlanFlags.of(replicates=3))
    assert len(plan.training_trials) == 18
    assert [t.config.seed for t in plan.training_trials[:3]] == [0, 1, 2]
    json.dumps(plan.sweep.model_dump(mode="json"))


def test_commands_of_studies() -> None:
    runner = CliRunner()
    listed = runner.invoke(commands(), ["study", "list", "--json"])
    assert listed.exit_code == 0
    names = [row["study"] for row in json.loads(listed.stdout)["studies"]]
    assert names == list(STUDIES)
    words = ["study", "adam", "--scale", "0.001", "-n", "3", "--data", "shapes10", "--dry-run"]
    shown = runner.invoke(commands(), [*words, "--json"])
    assert shown.exit_code == 0
    facts = json.loads(shown.stdout)
    assert facts["total"] == 3
    assert facts["sweep"]["scale"] == 0.001
    assert facts["sweep"]["limit_images"] == pytest.approx(0.001**0.5)
    assert {t["config"]["epochs"] for t in facts["trials"]} == {2}
