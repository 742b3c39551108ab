"""Export of a trial's network, with a model card beside it."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tune_mc1.config.load import load_sweep
from tune_mc1.errors import InputError, StorageError, TuneMc1Error
from tune_mc1.files import replacing

if TYPE_CHECKING:
    from tune_mc1.api.trial import Trial
    from tune_mc1.data.images import ImageData, Pixels
    from tune_mc1.inference.export import Form
    from tune_mc1.inference.image_classifier import ImageClassifier
    from tune_mc1.inference.model_card import Origin, Tested


@dataclass(frozen=True)
class Export:
    """An exported network.

    Attributes:
        path: The file.
        card: The model card, Markdown.
        difference: Largest difference of a probability from the checkpoint's.
        checked: The images that were compared, in words.
    """

    path: Path
    card: Path
    difference: float
    checked: str


def export_trial(trial: "Trial", form: "Form", output: str | Path | None) -> Export:
    """See `Trial.export`."""
    from tune_mc1.inference.card_files import Exported, Older, card_for
    from tune_mc1.inference.export import CHECKED, FORMATS, export_model
    from tune_mc1.inference.model_card import card_title, model_card

    if form not in FORMATS:
        raise InputError(f"to: must be one of {', '.join(FORMATS)}, got {form!r}")
    default = trial.path.parents[1] / "export" / f"{trial.id}{FORMATS[form].suffix}"
    path = default if output is None else Path(output)
    if path.suffix == ".md" or path.is_dir():
        raise InputError(f"-o: must be a file such as {default.name}, got {str(path)!r}")
    model = trial.load_model()
    data = _test_images(trial)
    images, checked = _few(model, data, CHECKED)
    origin, tested = _origin(trial), _tested(trial, model, data)
    cards: list[Path] = []

    def describe(difference: float, digest: str) -> None:
        exported = Exported(path.name, form, difference, checked, digest)
        card, files = card_for(path, card_title(model.facts, origin), exported)
        older.move_away(card)
        _write(card, model_card(model.facts, origin, tested, files))
        cards.append(card)

    with Older(path) as older:
        difference = export_model(model, form, path, images, describe)
    return Export(path, cards[0], difference, checked)


def _write(card: Path, text: str) -> None:
    try:
        with replacing(card) as aside:
            aside.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError.of(card, error) from None


def _test_images(trial: "Trial") -> "ImageData | None":
    """The images of the sweep, if they are at hand."""
    from tune_mc1.data.on_disk import images_on_disk

    facts = trial.facts
    try:
        sweep = load_sweep(trial.path.parents[1] / "sweep.yaml").sweep
        data = images_on_disk(sweep, str(facts.get("data")), lazy=True)
    except TuneMc1Error:
        return None
    if data.fingerprint != facts.get("fingerprint"):
        return None
    return replace(data, test_images=np.asarray(data.test_images))


def _few(model: "ImageClassifier", data: "ImageData | None", count: int) -> tuple["Pixels", str]:
    """Images to compare, and what they are: of all classes, or noise."""
    if data is None or not len(data.test_labels):
        channels, height, width = model.image_shape
        noise = np.random.default_rng(0).integers(0, 256, (count, height, width, channels))
        return noise.astype(np.uint8), f"{count} images of noise, as the test images are not here"
    chosen = np.unique(np.linspace(0, len(data.test_labels) - 1, count).astype(int))
    return data.test_images[chosen], f"{len(chosen)} test images"


def _tested(trial: "Trial", model: "ImageClassifier", data: "ImageData | None") -> "Tested | None":
    """Predictions of the test images: computed, or those of the sweep's end."""
    import pyarrow.parquet as pq
    from pyarrow import ArrowException

    from tune_mc1.inference.model_card import Tested

    if data is not None:
        return Tested(data.test_labels, model.predict(data.test_images).indices)
    file = trial.path.parents[1] / "predictions.parquet"
    try:
        rows = pq.read_table(file, filters=[("trial", "==", trial.id)])
        label, predicted = (rows[n].to_numpy().astype(np.int64) for n in ("label", "predicted"))
    except (ArrowException, OSError, KeyError):
        return None
    return Tested(label, predicted) if len(label) else None


def _origin(trial: "Trial") -> "Origin":
    from tune_mc1.inference.model_card import Origin

    root, facts = trial.path.parents[1], trial.facts
    counts = [f"{facts['train_images']:,} training images"] if "train_images" in facts else []
    if "val_images" in facts:
        counts.append(f"{facts['val_images']:,} validation images")
    if "test_images" in facts:
        counts.append(f"{facts['test_images']:,} test images")
    if facts.get("limit_images") not in (None, 1, 1.0):
        counts.append(f"{facts['limit_images']:g} of the data set")
    data = f"{facts.get('data')} (fingerprint {facts.get('fingerprint')})"
    validation = f"validated on {_validation(facts.get('validation'))}"
    return Origin(
        sweep=root.name,
        trial=trial.id,
        data=data,
        images=", ".join([*counts, validation]),
        metrics=trial.metrics,
        epoch=trial.row["best_epoch"],
        provenance=_provenance(root / "provenance.json"),
    )


def _validation(chosen: Any) -> str:
    if isinstance(chosen, dict) and "folds" in chosen:
        return f"folds of the training images ({chosen['folds']}-fold cross-validation)"
    if isinstance(chosen, dict) and "holdout" in chosen:
        return f"{chosen['holdout']:.0%} of the training images"
    return {"test": "the test images", "val": "the validation images"}.get(str(chosen), "-")


def _provenance(file: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return found
