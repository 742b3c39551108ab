"""Mistakes in networks of libraries and of the user: one line before anything starts."""

import re
from pathlib import Path

import pytest

from tests.support.outside_nets import CODE, NET, SIGNATURE, plan, values
from tune_mc1.errors import InputError


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "outside_nets.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


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
