"""Networks of libraries and of the user in a plan: a mistake is one line before anything starts."""

import re
from pathlib import Path

import pyarrow as pa
import pytest
import yaml

from tests.support.in_process import run_here
from tune_mc1.config.model_signature import signature_of
from tune_mc1.config.trial import TrialConfig
from tune_mc1.errors import InputError
from tune_mc1.planning.differences import differences
from tune_mc1.planning.flags import PlanFlags
from tune_mc1.planning.plan import Plan, prepare
from tune_mc1.results.cells import argument_kinds
from tune_mc1.results.columns import TrainingColumns

CODE = """
from torch import nn

class Net(nn.Module):
    def __init__(self, num_classes, in_chans=3, width=8, dropout_p=0.0, seed=0):
        super().__init__()
        self.head = nn.Linear(in_chans, num_classes)

    def forward(self, images):
        return self.head(images.mean((2, 3)))

class Deep(Net):
    def __init__(self, width, **kwargs):
        super().__init__(width=width, **kwargs)

def makes(**kwargs):
    return Net(**kwargs)

class Strict(nn.Module):
    def __init__(self, width=8, **kwargs):
        super().__init__(**kwargs)
        self.head = nn.Linear(width, 10)

class Swallows(nn.Module):
    def __init__(self, **kwargs):
        super().__init__()

class Shapes(nn.Module):
    def __init__(self, channels, units, num_classes):
        super().__init__()

class Flat(Net):
    def forward(self, images):
        return images.flatten(1)

class Large(Net):
    def forward(self, images):
        return super().forward(nn.Conv2d(3, 3, 40)(images))

class NoModule:
    pass

NUMBER = 3
MADE = Net(10)
"""
NET = "outside_nets:Net"
SIGNATURE = f"{NET}(num_classes, in_chans=3, width=8, dropout_p=0.0, seed=0)"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "outside_nets.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def plan(model: object, *overrides: str, **parameters: object) -> Plan:
    content = {"model": {"values" if isinstance(model, list) else "value": model}, **parameters}
    sweep = {"parameters": content, "data": "shapes10"}
    Path("sweep.yaml").write_text(yaml.safe_dump(sweep))
    return prepare("grid", Path("sweep.yaml"), PlanFlags(overrides))


def values(*listed: object) -> dict[str, object]:
    return {"values": list(listed)}


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


REFUSED: list[tuple[object, tuple[str, ...], dict[str, object], str]] = [
    (
        "resnet18",
        (),
        {},
        ": parameters.model.value: must name its library: torchvision:resnet18 or "
        "timm:resnet18, got 'resnet18'",
    ),
    ("timm.resnet18", (), {}, ": parameters.model.value: must be written timm:resnet18, got"),
    ("Timm:resnet18", (), {}, ": parameters.model.value: must be written timm:resnet18, got"),
    ("torchvision/resnet18", (), {}, ": parameters.model.value: must be written torchvision:re"),
    ("nets.Net", (), {}, ": parameters.model.value: must be written nets:Net to be imported"),
    ("timm:", (), {}, ": parameters.model.value: must be a registered model, timm:NAME, torch"),
    (
        ["CNN", "timm:resnt18"],
        (),
        {},
        ": parameters.model.values[1]: timm has no network of this name, did you mean "
        "timm:resnet18 or torchvision:resnet18",
    ),
    (
        "torchvision:convnext_tin",
        (),
        {},
        ": parameters.model.value: torchvision has no network of this name, did you mean "
        "timm:convnext_tiny or torchvision:convnext_tiny",
    ),
    (
        "outside_nets:NoModule",
        (),
        {},
        ": parameters.model.value: must be an nn.Module class or a function that returns one, got",
    ),
    (
        "outside_nets:NUMBER",
        (),
        {},
        ": parameters.model.value: must be an nn.Module class or a function that returns one (int)",
    ),
    (
        "outside_nets:MADE",
        (),
        {},
        ": parameters.model.value: must be an nn.Module class or a function that returns one (Net)",
    ),
    (
        "outside_nets:Deep",
        (),
        {},
        ": parameters.model: outside_nets:Deep needs width, which neither the images nor the sweep "
        "give: outside_nets:Deep(in_chans=3, ",
    ),
    (
        "outside_nets:Shapes",
        (),
        {},
        ": parameters.model: outside_nets:Shapes needs channels, units, which neither the "
        "images nor the sweep give: outside_nets:Shapes(channels, units, num_classes)",
    ),
    (
        NET,
        (),
        {"widht": values(1, 2)},
        f": parameters.widht: {NET} does not take it, did you mean 'width'?: {SIGNATURE}",
    ),
    (
        "outside_nets:makes",
        (),
        {"widht": values(1, 2)},
        ": parameters.widht: outside_nets:makes does not take it, did you mean 'width'?: "
        "outside_nets:makes(num_classes, in_chans=3, width=8, dropout_p=0.0, seed=0)",
    ),
    (
        "outside_nets:Strict",
        (),
        {"depth": values(1, 2)},
        ": parameters.depth: outside_nets:Strict does not take it, did you mean 'width'?: "
        "outside_nets:Strict(width=8)",
    ),
    (
        NET,
        ("depth=3",),
        {},
        f"--set depth: {NET} does not take it, did you mean 'width'?: {SIGNATURE}",
    ),
    (NET, (), {"batch_norm": values(True)}, f": parameters.batch_norm: {NET} does not take it: "),
    (NET, (), {"num_classes": values(3)}, ": parameters.num_classes: is not a parameter of a sw"),
    (
        [NET, "CNN"],
        (),
        {"width": values(4)},
        f": parameters.width: CNN does not take it; when: {{model: {NET}}} gives it to that one",
    ),
    (
        "CNN",
        (),
        {"hidden": values(4)},
        ": parameters.hidden: model CNN has none (models with it: MLP, ConvNet), got 4 (in 1 of 1",
    ),
]


@pytest.mark.parametrize(("model", "overrides", "parameters", "line"), REFUSED)
def test_a_mistake_is_one_line(
    here: Path, model: object, overrides: tuple[str, ...], parameters: dict[str, object], line: str
) -> None:
    with pytest.raises(InputError) as caught:
        plan(model, *overrides, **parameters)
    (found,) = caught.value.problems
    assert re.sub(r"^sweep.yaml(:\d+)?", "", found).startswith(line), found


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("convnext_tin", "Airbench, did you mean timm:convnext_tiny or torchvision:convnext_tiny?"),
        ("resnet99", "Airbench, did you mean 'ResNet9' or timm:resnet"),
        ("CNN99", "Airbench, did you mean 'CNN'?"),
        ("quite something else", "Airbench"),
    ],
)
def test_a_name_that_no_library_has_gets_the_nearest_of_all(
    here: Path, name: str, hint: str
) -> None:
    with pytest.raises(InputError) as caught:
        plan(name)
    (found,) = caught.value.problems
    assert f"{hint}{'' if hint.endswith('resnet') else ', got ' + repr(name)}" in found


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
