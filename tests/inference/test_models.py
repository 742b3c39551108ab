"""Trained networks: loaded alone, the same numbers as in the sweep, exported and checked."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from tests.support.one_trial import few, run
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.data.images import ImageData
from tune_mc1.data.wanted import channel_statistics
from tune_mc1.errors import DataError, InputError, TuneMc1Error
from tune_mc1.inference.export import FORMATS, Form, export_model
from tune_mc1.inference.image_classifier import ImageClassifier, build_classifier
from tune_mc1.models.build import build_model
from tune_mc1.training.model_facts import ModelFacts
from tune_mc1.training.run_trials import score_test


class Own(nn.Module):
    """A network that takes no channels-last memory."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, stride=2)
        self.norm = nn.BatchNorm2d(4)
        self.fc = nn.Linear(4 * 15 * 15, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.conv(x)).relu()
        logits: Tensor = self.fc(x.view(x.size(0), -1))
        return logits


OWN = f"{__name__}:Own"

SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "flip and average": {"test_time_flip": True, "ema_decay": 0.9},
    "shifted": {"test_time_translate": 2},
    "smaller, by the data set": {"image_size": 24, "normalize": "dataset"},
    "larger, by ImageNet": {"image_size": 40, "normalize": "imagenet"},
    "frozen in part": {"freeze": 1},
    "a network of one's own": {"model": OWN},
    "batch norm": {"model": "CNN", "batch_norm": True},
}


def trained(
    images: ImageData, folder: Path, **parameters: Any
) -> tuple[ImageClassifier, ImageData, dict[str, Any]]:
    data = replace(few(images), statistics=channel_statistics(few(images).train_images))
    values = {"model": "CNN_simple", "epochs": 1, "batch_size": 20, **parameters}
    run(data, folder, **values)
    trial = Trial(id="t0001", config=TrialConfig(learning_rate=0.03, **values))
    _, scored = score_test(trial, data, folder / "best.ckpt")
    return ImageClassifier.load_from_checkpoint(folder / "best.ckpt"), data, scored


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_checkpoint_alone_gives_the_predictions_of_the_sweep(
    images: ImageData, tmp_path: Path, setting: str
) -> None:
    model, data, scored = trained(images, tmp_path, **SETTINGS[setting])
    assert model.classes == data.classes
    assert not model.training
    found = model.predict(data.test_images)
    assert list(found.indices) == list(scored["predicted"])
    assert np.allclose(found.confidence, scored["confidence"], rtol=0, atol=1e-6)
    assert model.config["learning_rate"] == 0.03


PREPARED = {
    "image_size": 24,
    "normalize": "dataset",
    "test_time_flip": True,
    "test_time_translate": 1,
}


@pytest.mark.parametrize(
    ("form", "setting"),
    [*((form, PREPARED) for form in FORMATS), ("torch.export", {"model": OWN})],
    ids=[*FORMATS, "own"],
)
def test_an_exported_network_gives_the_probabilities_of_the_checkpoint(
    images: ImageData, tmp_path: Path, form: Form, setting: dict[str, Any]
) -> None:
    model, data, _ = trained(images, tmp_path, **setting)
    file = tmp_path / "out" / f"model{FORMATS[form].suffix}"
    assert export_model(model, form, file, data.test_images[:30]) < 1e-4
    assert file.stat().st_size > 1000
    if form == "safetensors":
        from safetensors import safe_open

        with safe_open(file, framework="pt") as saved:
            assert json.loads(saved.metadata()["classes"]) == list(data.classes)
            for name, weight in model.network.state_dict().items():
                assert torch.equal(saved.get_tensor(name), weight)


def test_a_network_exported_again_is_the_same_file(images: ImageData, tmp_path: Path) -> None:
    """The card has its SHA-256, by which one tells whether a network is another."""
    model, *_ = trained(images, tmp_path)
    weights = [tmp_path / f"{again}.aside" for again in range(3)]
    for file in weights:
        FORMATS["safetensors"].write(model, file)
    assert len({file.read_bytes() for file in weights}) == 1
    program = tmp_path / "1234.aside"  # as another process calls it
    FORMATS["torchscript"].write(model, program)
    with ZipFile(program) as parts:
        assert not [name for name in parts.namelist() if "1234" in name]


def test_a_file_with_other_probabilities_is_not_kept(
    images: ImageData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, data, _ = trained(images, tmp_path)
    wrong = replace(FORMATS["torchscript"], load=lambda _: lambda x: np.zeros((len(x), 10), "f4"))
    monkeypatch.setitem(FORMATS, "torchscript", wrong)
    with pytest.raises(TuneMc1Error, match="not written, as its probabilities differ"):
        export_model(model, "torchscript", tmp_path / "model.pt", data.test_images[:8])
    assert not (tmp_path / "model.pt").exists()


def test_images_of_any_form_are_predicted_alike(images: ImageData, tmp_path: Path) -> None:
    model, data, _ = trained(images, tmp_path)
    pictures = [Image.fromarray(pixels) for pixels in data.test_images[:3]]
    for i, picture in enumerate(pictures):
        picture.save(tmp_path / f"{i}.png")
    expected = model.predict(data.test_images[:3]).probabilities
    for given in (pictures, tmp_path, [tmp_path / f"{i}.png" for i in range(3)]):
        found = model.predict(given)
        assert np.array_equal(found.probabilities, expected)
    tensor = torch.from_numpy(data.test_images[:3]).movedim(-1, 1)
    by_hand = model(tensor.float() / 255).softmax(-1).numpy()
    assert np.array_equal(model(tensor).softmax(-1).numpy(), by_hand)
    assert np.allclose(by_hand, expected, rtol=0, atol=1e-6)

    pictures[0].resize((50, 70)).convert("RGBA").save(tmp_path / "large.png")
    assert len(model.predict(str(tmp_path / "large.png"))) == 1
    (tmp_path / "broken.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"broken\.png: broken or truncated image"):
        model.predict(tmp_path / "broken.png")
    with pytest.raises(InputError, match=r"must be uint8 \(N, 32, 32, 3\), got uint8 \(3, 16, 16"):
        model.predict(data.test_images[:3, :16, :16])
    with pytest.raises(InputError, match="must be paths, Pillow's images or a NumPy array"):
        model.predict([1, 2])  # type: ignore[arg-type]


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.ckpt").write_bytes(b"nothing")
    torch.save({"weights": 1}, tmp_path / "b.ckpt")
    for name, rule in (
        ("a.ckpt", "cannot be read as a checkpoint"),
        ("b.ckpt", "has no state_dict"),
        ("c.ckpt", "no such checkpoint"),
    ):
        with pytest.raises(InputError, match=rule):
            ImageClassifier.load_from_checkpoint(tmp_path / name)


@pytest.mark.parametrize("model", ["ResNeXt50", "torchvision:squeezenet1_1"])
def test_a_network_that_began_with_published_weights_needs_them_no_more(
    monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("looked for published weights")

    monkeypatch.setattr("tune_mc1.models.resnext._fetch", refuse)
    monkeypatch.setattr("tune_mc1.models.pretrained._check_url", refuse)
    given = {"pretrained": True} if ":" in model else {}
    config = TrialConfig(model=model, arguments=given)
    facts = ModelFacts(config, ("a", "b"), (3, 64, 64), (0.5,) * 3, (0.5,) * 3)
    assert build_classifier(facts)(torch.rand(1, 3, 64, 64)).shape == (1, 2)
    with pytest.raises(AssertionError, match="looked for published weights"):
        build_model(config, (3, 64, 64), 2)
