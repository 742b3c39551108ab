import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from tests.support.bad_input import FORMS
from tune_mc1.data.batches import ImageTensors, MacroBatches
from tune_mc1.data.drawn_shapes import generate_shapes10
from tune_mc1.data.home import HOME_VARIABLE, data_home
from tune_mc1.data.images import ImageData
from tune_mc1.data.source import check_data_spec, load_data
from tune_mc1.errors import DataError


def test_checking_imports_nothing_heavy() -> None:
    code = (
        "import sys; from tune_mc1.data.source import check_data_spec; "
        "assert check_data_spec('shapes10') is None; assert check_data_spec('/none'); "
        "print([m for m in ('torch', 'torchvision', 'numpy', 'pyarrow', 'PIL', 'ray') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_what_is_wrong_with_a_data_spec(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "images.zip").touch()
    (tmp_path / "images.parquet").touch()
    (tmp_path / "folder" / "cat").mkdir(parents=True)
    for good in ("images.parquet", "folder"):
        assert check_data_spec(str(tmp_path / good)) is None
    for bad, why in {
        str(tmp_path / "empty"): "(neither folders nor parquet files in it)",
        str(tmp_path / "images.zip"): "(a file of another kind)",
        str(tmp_path / "gone"): "(no such path)",
        "shape10": ", did you mean 'shapes10'?",
        "CIFAR10": ", did you mean 'cifar10'?",
    }.items():
        problem = check_data_spec(bad)
        rule = f"must be cifar10, shapes10, {FORMS} {bad!r}"
        assert problem is not None
        assert problem.startswith(rule)
        assert problem.endswith(why)
        with pytest.raises(DataError, match=r"^data: must be cifar10, shapes10"):
            load_data(bad)


def test_home_that_is_no_folder(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for spec in ("cifar10", "auto"):
        assert check_data_spec(spec, file) == f"{HOME_VARIABLE} must name a folder, got '{file}'"
    assert check_data_spec("shapes10", file) is None


def test_data_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(HOME_VARIABLE, "/images")
    assert data_home() == Path("/images")
    assert data_home(tmp_path) == tmp_path
    monkeypatch.delenv(HOME_VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert data_home() == Path("/cache/tune_mc1")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert data_home() == tmp_path / ".cache" / "tune_mc1"


def test_no_home_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv(HOME_VARIABLE, raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    notices: list[str] = []
    with pytest.raises(DataError, match=f"{HOME_VARIABLE}: must name a folder"):
        load_data("cifar10")
    assert load_data("auto", notify=notices.append).name == "shapes10"
    assert "no home directory" in notices[-1]


def test_shapes10_is_the_same_everywhere() -> None:
    start = time.process_time()
    data = load_data("shapes10")
    assert time.process_time() - start < 3  # under one on an idle core
    assert (data.name, data.fingerprint) == ("shapes10", "3214d66ded6c21d3")
    assert (data.train_images.shape, data.test_images.shape[0]) == ((8000, 32, 32, 3), 2000)
    assert np.bincount(data.train_labels).tolist() == [800] * 10
    assert np.bincount(data.test_labels).tolist() == [200] * 10


def accuracy(model: nn.Module, data: ImageData, lr: float, epochs: int) -> float:
    """Test accuracy after plain SGD at batch size 32."""
    train = ImageTensors(data.train_images, data.train_labels)
    test = ImageTensors(data.test_images, data.test_labels)
    batches = MacroBatches(np.arange(len(train)), batch_size=32, seed=0)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    for epoch in range(epochs):
        batches.set_epoch(epoch)
        for macro in batches:
            for indices in torch.split(macro, 32):
                optimizer.zero_grad()
                loss = cross_entropy(model(train.gather(indices)), train.gather_labels(indices))
                torch.autograd.backward(loss)
                optimizer.step()
    with torch.no_grad():
        predicted = model(test.gather(torch.arange(len(test)))).argmax(1)
    return float((predicted == test.labels).float().mean())


def test_shapes10_is_too_hard_for_a_linear_model() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(3072, 10))
    assert accuracy(model, generate_shapes10(), lr=0.003, epochs=3) < 0.25


@pytest.mark.slow
def test_shapes10_tells_models_and_learning_rates_apart() -> None:
    def cnn(lr: float) -> float:
        torch.manual_seed(0)
        layers = [nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2)]
        layers += [nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
        layers += [nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU()]
        model = nn.Sequential(*layers, nn.Linear(84, 10))
        for layer in model:
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(layer.weight)
        return accuracy(model, data, lr, epochs=6)

    data = generate_shapes10()
    torch.manual_seed(0)
    layers = [nn.Flatten(), nn.Linear(3072, 512), nn.ReLU(), nn.Linear(512, 10)]
    mlp = accuracy(nn.Sequential(*layers), data, lr=0.01, epochs=6)
    good, fair, bad = (cnn(lr) for lr in (0.03, 0.01, 0.001))
    assert 0.7 < good < 0.9
    assert bad + 0.2 < fair < good
    assert mlp + 0.15 < fair


def test_shapes10_mean_colour_tells_nothing() -> None:
    data = generate_shapes10()
    means = data.train_images.mean((1, 2))
    by_class = np.array([means[data.train_labels == c].mean(0) for c in range(10)])
    assert np.ptp(by_class, axis=0).max() < 8  # of 255
