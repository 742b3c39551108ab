"""Networks of libraries and of the user in a plan."""

from pathlib import Path

import pyarrow as pa
import pytest
import yaml

from tests.support.in_process import run_here
from tests.support.outside_nets import CODE, NET, plan, values
from tune_mc1.config.model_signature import signature_of
from tune_mc1.config.trial import TrialConfig
from tune_mc1.errors import InputError
from tune_mc1.planning.differences import differences
from tune_mc1.planning.flags import PlanFlags
from tune_mc1.planning.plan import prepare
from tune_mc1.results.cells import argument_kinds
from tune_mc1.results.columns import TrainingColumns


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "outside_nets.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_constructor_gets_what_it_names(here: Path) -> None:
    made = plan(NET, width=values(8, 16), dropout_p=values(0.1), seed=values(3), lr=values(0.1))
    assert made.sweep.passes == {NET: ("dropout_p", "seed")}
    assert made.sweep.import_from == (str(here),)
    first, second = [trial.config for trial in made.training_trials]
    assert first.constructor_arguments == {"width": 8, "dropout_p": 0.1, "seed": 3}
    assert second.constructor_arguments["width"] == 16
    assert first.learning_rate == 0.1
    assert first.config_hash != second.config_hash
    assert first.values["pretrained"] is None, "an option that it does not get"
    assert TrialConfig().values["pretrained"] is True, "as before"


def test_a_parameter_of_one_network_only(here: Path) -> None:
    when = {"when": {"model": NET}}
    made = plan([NET, "CNN"], width=values(8, 16) | when, dropout_p=values(0.1) | when)
    own = [(t.config.model, t.values["width"], t.values["dropout_p"]) for t in made.training_trials]
    assert own == [(NET, 8, 0.1), (NET, 16, 0.1), ("CNN", None, None)]
    assert made.training_trials[2].config.arguments == {}
    with pytest.raises(InputError, match="width: CNN does not take it"):
        plan([NET, "CNN"], width=values(8, 16))


def test_replicates_have_seeds_of_their_own(here: Path) -> None:
    text = {"model": {"value": NET}, "seed": {"value": 3}}
    Path("sweep.yaml").write_text(yaml.safe_dump({"parameters": text, "replicates": 2}))
    made = prepare("grid", Path("sweep.yaml"), PlanFlags.of(data="shapes10"))
    seeds = [trial.config.constructor_arguments["seed"] for trial in made.training_trials]
    assert seeds == [3, 4]


def test_values_are_of_any_kind(here: Path) -> None:
    made = plan(
        "timm:resnet18",
        "layers=[1,1,1,1],[2,2,2,2]",
        drop_path_rate=values(0, 0.1),
        aa_layer=values(None, "blurpool"),
        drop_rate=values("1e-1"),
    )
    first = made.training_trials[0].config
    assert first.arguments == {
        "aa_layer": None,
        "drop_path_rate": 0.0,
        "drop_rate": 0.1,
        "layers": [1, 1, 1, 1],
    }
    assert len(made.trials) == 8


def test_bases_of_a_class_take_its_other_keywords(here: Path) -> None:
    made = plan("outside_nets:Deep", width=values(8), dropout_p=values(0.2))
    assert made.sweep.passes == {"outside_nets:Deep": ("dropout_p",)}


def test_keywords_go_where_they_are_passed_to(here: Path) -> None:
    made = plan("outside_nets:makes", width=values(8), dropout_p=values(0.1), seed=values(3))
    assert made.sweep.passes == {"outside_nets:makes": ("dropout_p",)}, "seed as before"
    found = signature_of("outside_nets:makes").from_images((1, 8, 8), 4)
    assert found == {"num_classes": 4, "in_chans": 1}
    plan("outside_nets:Swallows", anything=values(1))
    assert signature_of("outside_nets:Swallows").from_images((1, 8, 8), 4) == {"num_classes": 4}
    assert signature_of("outside_nets:Strict").from_images((1, 8, 8), 4) == {}


@pytest.mark.parametrize(
    ("model", "rule"),
    [
        ("outside_nets:Flat", "outside_nets:Flat must map 2 images to (2, 10), one logit for each"),
        ("outside_nets:Shapes", 'Module [Shapes] is missing the required "forward" function'),
        (
            "outside_nets:Large",
            "fails on images of 32x32 pixels; the smallest that it takes are 48x48: RuntimeError: ",
        ),
        ("timm:resnet10t", ""),
    ],
)
def test_networks_are_tried_by_a_dry_run(here: Path, model: str, rule: str) -> None:
    """Also with published weights, which are not read for it, as they might be downloaded."""
    more = {"channels": values(3), "units": values(4)} if model.endswith("Shapes") else {}
    more |= {"pretrained": values(True)} if model.startswith("timm") else {}
    plan(model, **more)
    done = run_here("sweep", "grid", "sweep.yaml", "--dry-run", cwd=here)
    assert done.returncode == (2 if rule else 0), done.stderr
    assert rule in done.stderr
    assert len(done.stderr.splitlines()) <= 1


def test_a_constructor_that_was_edited_is_noticed(here: Path) -> None:
    made = plan(NET, width=values(8), dropout_p=values(0.1))
    other = made.sweep.model_copy(update={"passes": {}, "import_from": ("/moved",)})
    assert list(differences(made.sweep, other)) == [f"passes.{NET}: was ['dropout_p'], is not set"]


def test_a_value_comes_back_from_its_column_as_it_was(here: Path) -> None:
    width = {"distribution": "q_uniform", "min": 8.0, "max": 24.0, "q": 8}
    made = plan(NET, width=width, dropout_p=values(0.1))
    mixed = plan("timm:resnet18", drop_rate=values(0, 0.5), layers=values([1, 1, 1, 1], None))
    for sweep, trials in ((made.sweep, made.training_trials), (mixed.sweep, mixed.training_trials)):
        columns = TrainingColumns(argument_kinds(sweep), sweep.passes)
        assert len(trials) >= 2
        for trial in trials:
            row = columns.new_row(trial.values)
            again = pa.Table.from_pylist([row], schema=columns.trial_schema()).to_pylist()[0]
            assert columns.config(again) == trial.config
            assert columns.config(again).config_hash == trial.config_hash
            given = columns.config(again).constructor_arguments.values()
            kept = trial.config.constructor_arguments.values()
            assert list(map(type, given)) == list(map(type, kept))


def test_no_duration_is_told_of_networks_of_unknown_size(here: Path) -> None:
    for model, told in (("CNN", True), (NET, False)):
        file = here / "plan.yaml"
        file.write_text(f'parameters: {{model: {{values: ["{model}"]}}, epochs: {{value: 2}}}}\n')
        done = run_here("sweep", "grid", file, "--dry-run", "--data", "shapes10", cwd=here)
        assert "at most 2 epochs in total" in done.stdout, done.stderr
        assert ("roughly" in done.stdout) is told
