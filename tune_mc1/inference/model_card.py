"""Model cards: what a trained network is, how good it is on each class, and what limits it has.

After M. Mitchell et al., "Model Cards for Model Reporting" (FAT* 2019).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tune_mc1.config.set_text import setting_text
from tune_mc1.inference.card_files import HEADS, Exported
from tune_mc1.training.model_facts import ModelFacts

WEIGHTS = "safetensors"
"""The form that has weights alone."""


@dataclass(frozen=True)
class Tested:
    """Labels of test images, and what the network makes of them.

    Attributes:
        labels: int64 (N,).
        predicted: int64 (N,).
    """

    labels: NDArray[np.int64]
    predicted: NDArray[np.int64]


@dataclass(frozen=True)
class Origin:
    """Where a network comes from.

    Attributes:
        sweep: Name of the result directory.
        trial: Id of the trial.
        data: Name of the data set and its fingerprint.
        images: Number of training, validation and test images, and what validated.
        metrics: The metrics at its best epoch, and on the test images.
        epoch: Its best epoch, from 1; None if it is not known.
        provenance: `provenance.json`.
    """

    sweep: str
    trial: str
    data: str
    images: str
    metrics: Mapping[str, float]
    epoch: int | None
    provenance: Mapping[str, Any]


def model_card(
    facts: ModelFacts,
    origin: Origin,
    tested: Tested | None,
    exported: Sequence[Exported] = (),
) -> str:
    """The card as Markdown.

    Args:
        facts: The trial's parameters, classes and images.
        origin: Where the network comes from.
        tested: Its predictions of the test images; None if these are not at hand.
        exported: The files that it describes.
    """
    parts = [
        card_title(facts, origin),
        _use(facts, exported),
        _data(facts, origin),
        _metrics(origin),
        _by_class(facts.classes, tested),
        _setting(facts, origin),
        _limits(facts, tested),
    ]
    return "\n\n".join(parts) + "\n"


def card_title(facts: ModelFacts, origin: Origin) -> str:
    """First line of a card, which tells one network from another."""
    return f"# {facts.config.model}, trial {origin.trial} of {origin.sweep}"


def _use(facts: ModelFacts, exported: Sequence[Exported]) -> str:
    parts = [f"## Use\n\nAn image classifier with {len(facts.classes)} classes."]
    if exported:
        parts.append(_table(HEADS, [one.row for one in exported]))
    weights = [one for one in exported if one.form == WEIGHTS]
    whole = [f"`{one.name}`" for one in exported if one.form != WEIGHTS]
    if whole or not exported:
        parts.append(_takes(facts, whole or ["The network"]))
    if weights:
        parts.append(
            f"`{weights[0].name}` has the weights alone, which take normalised images; its head "
            "has the classes, the shape of the images and the setting."
        )
    return "\n\n".join([*parts, _normalized(facts)])


def _takes(facts: ModelFacts, what: Sequence[str]) -> str:
    """What a network or its files take and give."""
    channels, height, width = facts.image_shape
    size = facts.config.image_size
    inside = ["normalisation by the mean and standard deviation below"]
    if size is not None and (height, width) != (size, size):
        inside.insert(0, f"resizing to {size}x{size}")
    if facts.config.test_time_flip:
        inside.append("the mean of the logits of each image and its mirror image")
    if shift := facts.config.test_time_translate:
        inside.append(f"the mean with those of the image shifted by {shift} pixels")
    return (
        f"{_listed(what)} {'maps' if len(what) == 1 else 'map'} float32 images "
        f"(N, {channels}, {height}, {width}) in [0, 1] to logits (N, {len(facts.classes)}); N is "
        f"free. Inside {'is' if len(inside) == 1 else 'are'} {_listed(inside)}."
    )


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)


def _normalized(facts: ModelFacts) -> str:
    mean, std = (", ".join(f"{value:.4g}" for value in each) for each in (facts.mean, facts.std))
    return f"Mean of each channel {mean}, standard deviation {std}, for images in [0, 1]."


def _data(facts: ModelFacts, origin: Origin) -> str:
    channels, height, width = facts.image_shape
    colour = {1: "grey", 3: "RGB"}.get(channels, f"{channels} channels")
    return (
        f"## Data\n\n{origin.data}: {origin.images}; {width}x{height} pixels ({colour}).\n\n"
        f"Classes, in the order of the logits: {', '.join(map(_text, facts.classes))}."
    )


def _metrics(origin: Origin) -> str:
    epoch = "" if origin.epoch is None else f"At epoch {origin.epoch}, the best one:\n\n"
    rows = [[f"`{name}`", f"{value:.4f}"] for name, value in origin.metrics.items()]
    note = (
        "\n\n`val_` is by the images that chose the trial and the epoch, so it is optimistic; "
        "`test_` is not."
    )
    table = _table(["metric", "value"], rows) if rows else "None are known."
    return f"## Metrics\n\n{epoch if rows else ''}{table}{note if rows else ''}"


def _by_class(classes: Sequence[str], tested: Tested | None) -> str:
    head = "## Metrics by class\n\n"
    if tested is None:
        return head + "Not known: the test images are not at hand, or it was not scored on them."
    count = len(classes)
    pairs = np.bincount(tested.labels * count + tested.predicted, minlength=count**2)
    matrix = pairs.reshape(count, count)
    right, has, said = matrix.diagonal(), matrix.sum(axis=1), matrix.sum(axis=0)
    rows = [
        [
            _text(name),
            str(has[i]),
            _share(right[i], said[i]),
            _share(right[i], has[i]),
            _share(2 * right[i], has[i] + said[i]),
            _confused(matrix[i], i, classes),
        ]
        for i, name in enumerate(classes)
    ]
    largest = int(has.argmax())
    guess = f"Always guessing {_text(classes[largest])} has an accuracy of " + _share(
        has[largest], has.sum()
    )
    accuracy = f"Accuracy on {has.sum():,} test images: {_share(right.sum(), has.sum())}. {guess}."
    heads = ["class", "images", "precision", "recall", "F1", "most often taken for"]
    return f"{head}{accuracy}\n\n{_table(heads, rows)}"


def _share(part: float, whole: float) -> str:
    return f"{part / whole:.3f}" if whole else "–"


def _confused(row: NDArray[np.int64], index: int, classes: Sequence[str]) -> str:
    others = np.where(np.arange(len(row)) == index, 0, row)
    if not others.any():
        return "–"
    other = int(others.argmax())
    return f"{_text(classes[other])} ({others[other]})"


def _setting(facts: ModelFacts, origin: Origin) -> str:
    values = facts.config.values
    rows = [[f"`{n}`", f"`{setting_text(n, v)}`"] for n, v in values.items() if v is not None]
    versions = origin.provenance.get("packages") or {}
    known = ", ".join(f"{n} {v}" for n, v in versions.items() if n in ("torch", "lightning") and v)
    commit = origin.provenance.get("git_commit")
    by = f"\n\nTrained with tune_mc1 {origin.provenance.get('tune_mc1', '')}".rstrip()
    by += f", {known}" if known else ""
    by += f", commit `{commit}`" if commit else ""
    return f"## Setting\n\n{_table(['parameter', 'value'], rows)}{by}."


def _limits(facts: ModelFacts, tested: Tested | None) -> str:
    _, height, width = facts.image_shape
    lines = [
        f"It has {len(facts.classes)} answers: an image of anything else gets one of them as well, "
        "often with a high probability.",
        "It has seen images of this data set alone. On images from elsewhere, by another camera, "
        f"size or framing, it may be worse. Images are expected at {width}x{height} pixels.",
        "Its probabilities were not calibrated.",
    ]
    if tested is not None:
        images = np.bincount(tested.labels, minlength=len(facts.classes))
        few = [name for name, n in zip(facts.classes, images, strict=True) if n < 30]
        if few:
            names = ", ".join(map(_text, few[:10])) + (", ..." if len(few) > 10 else "")
            lines.append(
                f"Fewer than 30 test images have these classes; their metrics are rough: {names}."
            )
    return "## Limits\n\n" + "\n".join(f"- {line}" for line in lines)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _text(text: str) -> str:
    """A name as Markdown shows it."""
    plain = " ".join(text.split())
    return "".join(f"\\{c}" if c in "\\`*_[]<>|#" else c for c in plain)
