"""Export of a trained network, checked against its checkpoint."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import file_digest
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from tune_mc1.data.images import Pixels
from tune_mc1.errors import InputError, StorageError, TuneMc1Error
from tune_mc1.files import replacing
from tune_mc1.inference import formats
from tune_mc1.inference.predict import probabilities

if TYPE_CHECKING:
    from tune_mc1.inference.image_classifier import ImageClassifier

Form = Literal["onnx", "safetensors", "torchscript", "torch.export"]
"""Forms of an exported network."""

TOLERANCE = 1e-4
"""Largest accepted difference of a probability from the checkpoint's."""

BATCHES = (1, 2, 7)
"""Sizes of batches that an exported network is tried with; then comes one of all other images."""

CHECKED = 64
"""Images that are compared."""

Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Maps images (N, channels, height, width) in [0, 1] to logits (N, classes)."""


@dataclass(frozen=True)
class Format:
    """A form of an exported network.

    Attributes:
        suffix: Of its file.
        needs: Packages of the extra `export` that it needs.
        write: Writes the file.
        load: Reads it, as somebody would who has nothing but the file.
    """

    suffix: str
    needs: tuple[str, ...]
    write: "Callable[[ImageClassifier, Path], None]"
    load: Callable[[Path], Run]


FORMATS: dict[Form, Format] = {
    "onnx": Format(
        ".onnx", ("onnx", "onnxscript", "onnxruntime"), formats.write_onnx, formats.load_onnx
    ),
    "safetensors": Format(
        ".safetensors", ("safetensors",), formats.write_safetensors, formats.load_safetensors
    ),
    "torchscript": Format(".pt", (), formats.write_torchscript, formats.load_torchscript),
    "torch.export": Format(".pt2", (), formats.write_exported, formats.load_exported),
}


def export_model(
    model: "ImageClassifier",
    form: Form,
    path: Path,
    images: Pixels,
    describe: Callable[[float, str], None] = lambda _difference, _digest: None,
) -> float:
    """Writes a network to a file, and compares what it computes with the checkpoint.

    Args:
        model: The network, on the CPU.
        form: The form of the file.
        path: The file; replaced if it exists.
        images: Images that are compared, uint8 (N, height, width, channels), as those of the data
            set.
        describe: Writes what goes with the file, from the largest difference of a probability and
            the file's SHA-256. It is called when the file is checked and before it is in place, so
            that none is there without its description, whatever happens in between.

    Returns:
        The largest difference of a probability.

    Raises:
        InputError: If a package is missing, or the network cannot be written in this form.
        StorageError: If the file cannot be written.
        TuneMc1Error: If the file does not give the checkpoint's probabilities.
    """
    kind = FORMATS[form]
    if missing := [name for name in kind.needs if find_spec(name) is None]:
        raise InputError(
            f"--to {form}: requires the extra `export` (no module {missing[0]}): "
            "pip install 'tune_mc1[export]'"
        )
    expected = probabilities(model, images, len(images))
    inputs = (images.transpose(0, 3, 1, 2) / np.float32(255)).astype(np.float32)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as aside, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of how the exporters work inside
            _write(kind, model, aside, form)
            found = _by_batches(kind.load(aside), inputs, len(model.classes))
            difference = float(np.abs(_softmax(found) - expected).max())
            if not difference <= TOLERANCE:
                raise TuneMc1Error(
                    f"{path}: not written, as its probabilities differ from those of the "
                    f"checkpoint by {difference:.2g}, more than {TOLERANCE:.0e}"
                )
            describe(difference, _digest(aside))
    except OSError as error:
        raise StorageError.of(path, error) from None
    return difference


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _write(kind: Format, model: "ImageClassifier", path: Path, form: Form) -> None:
    try:
        kind.write(model, path)
    except OSError:
        raise
    except Exception as error:  # whatever an exporter raises on a network that it cannot read
        reason = " ".join(str(error).split())[:300]
        name = model.facts.config.model
        raise InputError(
            f"--to {form}: model {name} cannot be written in this form: "
            f"{type(error).__name__}: {reason}"
        ) from error


def _by_batches(run: Run, inputs: NDArray[np.float32], classes: int) -> NDArray[np.float64]:
    """Logits of images in batches of several sizes, which shows that the size is free."""
    sizes: Sequence[int] = [*BATCHES, max(len(inputs) - sum(BATCHES), 0)]
    ends = np.minimum(np.cumsum(sizes), len(inputs))
    parts = [part for part in np.split(inputs, ends[:-1]) if len(part)]
    found = [run(np.ascontiguousarray(part)) for part in parts]
    return np.concatenate(found).reshape(-1, classes).astype(np.float64)


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    return torch.from_numpy(logits).softmax(dim=-1).numpy()
