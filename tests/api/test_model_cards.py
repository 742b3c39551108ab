"""Model cards beside exported networks: one for all files of a network, none of another is lost."""

from hashlib import sha256
from pathlib import Path

import pytest
import yaml

from tests.support.api_sweeps import content
from tests.support.data_digits import write_folders
from tests.support.in_process import run_here
from tune_mc1.api import export
from tune_mc1.api.opening import open_sweep
from tune_mc1.config.set_text import setting_text
from tune_mc1.errors import InputError, StorageError
from tune_mc1.inference.card_files import Exported, card_for

IDS = ("t0001", "t0002")


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two networks, t0001 and t0002 of one file, trained alone."""
    folder = tmp_path_factory.mktemp("cards")
    file = folder / "sweep.yaml"
    images = write_folders(folder / "digits", count=120)
    file.write_text(yaml.safe_dump({"method": "grid", **content(images)}))
    for trial in IDS:
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
    assert "| `shuffle` | `true` |" in text  # as a sweep file has it
    modes = {path.suffix: path.stat().st_mode for path in tmp_path.iterdir()}
    assert len(set(modes.values())) == 1, modes
    (tmp_path / "net.pt").unlink()
    trial.export("onnx", tmp_path / "net.onnx")
    again = made.card.read_text()
    assert "net.pt" not in again
    assert again.count("net.safetensors") == 2
    assert "`net.onnx` maps float32 images" in again


def test_a_card_says_what_one_must_know(roots: list[Path], tmp_path: Path) -> None:
    """Data, metrics by class, setting and limits, from the sweep's own files."""
    trial = open_sweep(roots[0])["t0001"]
    text = trial.export("torchscript", tmp_path / "net.pt").card.read_text()
    parts = {part.partition("\n")[0]: part for part in text.split("\n## ")}
    assert list(parts)[1:] == ["Use", "Data", "Metrics", "Metrics by class", "Setting", "Limits"]
    classes = trial.load_model().classes
    assert f"Classes, in the order of the logits: {', '.join(classes)}." in parts["Data"]
    assert trial.facts["fingerprint"] in parts["Data"]
    assert f"| `val_acc` | {trial.metrics['val_acc']:.4f} |" in parts["Metrics"]
    rows = [line for line in parts["Metrics by class"].splitlines() if line.startswith("| ")]
    assert rows[0].startswith("| class | images | precision | recall | F1 | ")
    assert [row.split(" | ")[0] for row in rows[2:]] == [f"| {name}" for name in classes]
    for name, value in trial.config.items():
        shown = setting_text(name, value)  # as it can be typed back
        assert value is None or f"| `{name}` | `{shown}` |" in parts["Setting"], name
    assert "are not calibrated" in parts["Limits"] or "not calibrated" in parts["Limits"]


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


def test_no_network_is_there_without_its_card(
    roots: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever ends an export: a full disk, or a kill between the two files."""
    trial, file, write = open_sweep(roots[0])["t0001"], tmp_path / "net.pt", export._write

    def full(card: Path, text: str) -> None:
        raise StorageError(f"{card}: cannot be written: No space left on device")

    monkeypatch.setattr(export, "_write", full)
    with pytest.raises(StorageError, match=r"net\.md: cannot be written"):
        trial.export("torchscript", file)
    assert list(tmp_path.iterdir()) == []

    def cut_off(card: Path, text: str) -> None:
        write(card, text)
        raise KeyboardInterrupt

    monkeypatch.setattr(export, "_write", cut_off)
    with pytest.raises(KeyboardInterrupt):
        trial.export("torchscript", file)
    assert [path.name for path in tmp_path.iterdir()] == ["net.md"]
    monkeypatch.setattr(export, "_write", write)
    text = trial.export("torchscript", file).card.read_text()
    assert f"| `{sha256(file.read_bytes()).hexdigest()}` |" in text


def test_an_older_file_is_never_beside_the_card_of_another(
    roots: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever ends the export that was to replace it, it comes back with its own card."""
    first, other = (open_sweep(root)[trial] for root, trial in zip(roots, IDS, strict=True))
    made = first.export("torchscript", tmp_path / "net.pt")
    before = made.path.read_bytes(), made.card.read_bytes()
    write, there = export._write, []

    def cut_off(card: Path, text: str) -> None:
        there.append(made.path.exists())
        write(card, text)
        raise KeyboardInterrupt

    monkeypatch.setattr(export, "_write", cut_off)
    with pytest.raises(KeyboardInterrupt):
        other.export("torchscript", tmp_path / "net.pt")
    assert there == [False]  # as a kill would leave it: a card alone
    assert (made.path.read_bytes(), made.card.read_bytes()) == before
    assert len(list(tmp_path.iterdir())) == 2
    monkeypatch.setattr(export, "_write", write)
    other.export("torchscript", tmp_path / "net.pt")
    assert made.card.read_bytes() != before[1]
    assert len(list(tmp_path.iterdir())) == 2


def test_files_of_a_card_of_before_are_kept(roots: list[Path], tmp_path: Path) -> None:
    """Its table had no SHA-256."""
    trial = open_sweep(roots[0])["t0001"]
    made = trial.export("torchscript", tmp_path / "net.pt")
    text = made.card.read_text()
    old = text.replace(f" | `{sha256(made.path.read_bytes()).hexdigest()}` |", " |")
    assert old != text
    made.card.write_text(old)
    trial.export("torch.export", tmp_path / "net.pt2")
    assert "| `net.pt` | torchscript | 0.0e+00 on " in made.card.read_text().replace(
        f"{made.difference:.1e}", "0.0e+00"
    )


def test_a_card_is_not_a_model(roots: list[Path], tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"-o: must be a file such as t0001.pt, got "):
        open_sweep(roots[0])["t0001"].export("torchscript", tmp_path / "net.md")


def test_a_text_of_ones_own_is_kept(tmp_path: Path) -> None:
    """As `-o README.onnx` in a repository would replace its README.md."""
    (tmp_path / "README.md").write_text("# My flowers\n")
    exported = Exported("README.onnx", "onnx", 1e-7, "64 test images")
    card, named = card_for(tmp_path / "README.onnx", "# CNN, trial t0001 of s", exported)
    assert (card.name, named) == ("README.onnx.md", [exported])
