"""Model cards beside exported networks: one for all files of a network, none of another is lost."""

from pathlib import Path

import pytest
import yaml

from tests.support.api_sweeps import content
from tests.support.data_digits import write_folders
from tests.support.in_process import run_here
from tune_mc1.api.opening import open_sweep
from tune_mc1.errors import InputError
from tune_mc1.inference.card_files import Exported, card_for


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two networks, t0001 and t0002 of one file, trained alone."""
    folder = tmp_path_factory.mktemp("cards")
    file = folder / "sweep.yaml"
    images = write_folders(folder / "digits", count=120)
    file.write_text(yaml.safe_dump({"method": "grid", **content(images)}))
    for trial in ("t0001", "t0002"):
        done = run_here("train", file, "--trial", trial, "-o", folder / "out", cwd=folder)
        assert done.returncode == 0, done.stderr
    return sorted((folder / "out").iterdir())


def test_a_card_names_all_files_of_its_network(roots: list[Path], tmp_path: Path) -> None:
    trial = open_sweep(roots[0])["t0001"]
    for form, suffix in (("torchscript", "pt"), ("safetensors", "safetensors"), ("onnx", "onnx")):
        made = trial.export(form, tmp_path / f"net.{suffix}")  # type: ignore[arg-type]
        assert made.card == tmp_path / "net.md"
    text = made.card.read_text()
    for line in ("| `net.onnx` | onnx | ", "| `net.pt` | torchscript | ", "| `net.safetensors` | "):
        assert text.count(line) == 1
    assert "`net.onnx` and `net.pt` map float32 images" in text
    assert "`net.safetensors` has the weights alone" in text
    (tmp_path / "net.pt").unlink()
    trial.export("onnx", tmp_path / "net.onnx")
    again = made.card.read_text()
    assert "net.pt" not in again
    assert again.count("net.safetensors") == 2
    assert "`net.onnx` maps float32 images" in again


def test_another_network_leaves_the_card_of_the_first(roots: list[Path], tmp_path: Path) -> None:
    first, other = (open_sweep(root).best for root in roots)
    card = first.export("torchscript", tmp_path / "net.pt").card
    done = run_here(
        *("export", "model", roots[1], "--to", "safetensors"),
        *("-o", tmp_path / "net.safetensors"),
        cwd=tmp_path,
    )
    assert done.stdout.splitlines()[-1] == f"Card: {tmp_path / 'net.safetensors.md'}"
    assert card.read_text().startswith("# CNN_simple, trial t0001 of ")
    assert "trial t0002 of " in (tmp_path / "net.safetensors.md").read_text().splitlines()[0]
    replaced = other.export("torchscript", tmp_path / "net.pt")  # nothing of t0001 is left
    assert replaced.card == card
    assert "trial t0002 of " in replaced.card.read_text().splitlines()[0]


def test_a_card_is_not_a_model(roots: list[Path], tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"-o: must be a file such as t0001.pt, got "):
        open_sweep(roots[0])["t0001"].export("torchscript", tmp_path / "net.md")


def test_a_text_of_ones_own_is_kept(tmp_path: Path) -> None:
    """As `-o README.onnx` in a repository would replace its README.md."""
    (tmp_path / "README.md").write_text("# My flowers\n")
    exported = Exported("README.onnx", "onnx", 1e-7, "64 test images")
    card, named = card_for(tmp_path / "README.onnx", "# CNN, trial t0001 of s", exported)
    assert (card.name, named) == ("README.onnx.md", [exported])
