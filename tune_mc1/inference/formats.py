"""Forms of an exported network: writing a file, and running it without this package.

A network with its normalisation maps float32 images (N, channels, height, width) in [0, 1] to
logits (N, classes); N is free. A file of safetensors has the weights alone, under the names that
they have in the network, and what else one needs as text in its head.
"""

import json
import logging
from collections.abc import Callable
from contextlib import redirect_stdout
from io import BytesIO, StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

if TYPE_CHECKING:
    from tune_mc1.inference.image_classifier import ImageClassifier

Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]

INPUT, OUTPUT = "images", "logits"


def example(model: "ImageClassifier") -> Tensor:
    """Two images as the data set has them, once seen by the model, which remembers their form."""
    images = torch.rand((2, *model.image_shape), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        model(images)
    return images


def write_exported(model: "ImageClassifier", path: Path) -> None:
    """Writes a program of `torch.export`."""
    content = BytesIO()  # of a path, the end of the name matters
    torch.export.save(_exported(model), content)
    path.write_bytes(content.getvalue())


def _exported(model: "ImageClassifier") -> torch.export.ExportedProgram:
    images = example(model)
    batch = torch.export.Dim("batch", min=1)
    return torch.export.export(model, (images,), dynamic_shapes=({0: batch},))


def load_exported(path: Path) -> Run:
    """Reads a program of `torch.export`."""
    return _torch_run(torch.export.load(BytesIO(path.read_bytes())).module())


def write_torchscript(model: "ImageClassifier", path: Path) -> None:
    """Writes a traced program of TorchScript."""
    images = example(model)
    traced = torch.jit.trace(model, (images,), check_trace=False)  # type: ignore[no-untyped-call]
    content = BytesIO()  # the name of a path is in the file: that of this process would be
    torch.jit.save(traced, content)
    path.write_bytes(content.getvalue())


def load_torchscript(path: Path) -> Run:
    """Reads a program of TorchScript."""
    return _torch_run(torch.jit.load(str(path)))  # type: ignore[no-untyped-call]


def _torch_run(program: Callable[[Tensor], Tensor]) -> Run:
    @torch.no_grad()
    def run(images: NDArray[np.float32]) -> NDArray[np.float32]:
        logits: NDArray[np.float32] = program(torch.from_numpy(images)).numpy()
        return logits

    return run


def write_onnx(model: "ImageClassifier", path: Path) -> None:
    """Writes a graph of ONNX, with the names of the classes as metadata `classes` (JSON)."""
    import onnx

    with redirect_stdout(StringIO()), _quiet("torch.onnx", "onnxscript", "onnx_ir"):
        program = torch.onnx.export(
            model,
            (example(model),),
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_shapes=({0: torch.export.Dim("batch", min=1)},),
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    graph = program.model_proto
    for name, value in head(model).items():
        graph.metadata_props.add(key=name, value=value)
    onnx.checker.check_model(graph)
    path.write_bytes(graph.SerializeToString())


def load_onnx(path: Path) -> Run:
    """Reads a graph of ONNX by ONNX Runtime."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])

    def run(images: NDArray[np.float32]) -> NDArray[np.float32]:
        (logits,) = session.run([OUTPUT], {INPUT: images})
        found: NDArray[np.float32] = logits
        return found

    return run


def write_safetensors(model: "ImageClassifier", path: Path) -> None:
    """Writes the weights of the network, and compares them.

    Raises:
        ValueError: If they are not in the file bit by bit.
    """
    from safetensors.torch import load_file, save

    # An entry of its own for each name, in contiguous memory, as the format wants it.
    weights = {n: v.detach().clone().contiguous() for n, v in model.network.state_dict().items()}
    # `save_file` lets nobody else read it
    path.write_bytes(_ordered(save(weights, metadata=head(model))))
    for name, saved in load_file(path).items():
        if not torch.equal(saved, weights.pop(name)):
            raise ValueError(f"{name} is another in the file")
    if weights:
        raise ValueError(f"{min(weights)} is not in the file")


def _ordered(content: bytes) -> bytes:
    """A file of safetensors with its metadata by name: the library writes it in a random order.

    The head is JSON, padded by spaces to a multiple of eight, after its size in eight bytes.
    """
    end = 8 + int.from_bytes(content[:8], "little")
    told = json.loads(content[8:end])
    told["__metadata__"] = dict(sorted(told["__metadata__"].items()))
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + content[end:]


def load_safetensors(path: Path) -> Run:
    """Builds the network that the head describes, and reads its weights."""
    from safetensors import safe_open

    from tune_mc1.inference.image_classifier import build_classifier
    from tune_mc1.training.model_facts import ModelFacts

    with safe_open(path, framework="pt") as file:
        told = {n: v if n == "tune_mc1" else json.loads(v) for n, v in file.metadata().items()}
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    model = build_classifier(ModelFacts.read(told))
    model.network.load_state_dict(weights)
    return _torch_run(model)


def head(model: "ImageClassifier") -> dict[str, str]:
    """What is written beside the weights, as text: JSON but for the version."""
    facts = model.facts.record()
    return {
        "tune_mc1": str(facts["version"]),
        "classes": json.dumps(facts["classes"], ensure_ascii=False),
        "image_shape": json.dumps(facts["image_shape"]),
        "input_shape": json.dumps(list(model.input_shape)),
        "mean": json.dumps(facts["mean"]),
        "std": json.dumps(facts["std"]),
        "config": json.dumps(facts["config"], ensure_ascii=False),
    }


class _quiet:  # noqa: N801  used as a function
    """Keeps loggers from telling how an exporter works inside."""

    def __init__(self, *names: str) -> None:
        self._loggers = [logging.getLogger(name) for name in names]
        self._levels = [logger.level for logger in self._loggers]

    def __enter__(self) -> None:
        for logger in self._loggers:
            logger.setLevel(logging.ERROR)

    def __exit__(self, *_: object) -> None:
        for logger, level in zip(self._loggers, self._levels, strict=True):
            logger.setLevel(level)
