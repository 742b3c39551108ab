"""Head of a sweep: its files, its first event, and where its numbers come from."""

import json

from tune_mc1.config.load import config_to_yaml
from tune_mc1.config.sweep import Sweep
from tune_mc1.data.images import ImageData
from tune_mc1.errors import StorageError
from tune_mc1.files import replacing
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import FORMAT, SweepEvent
from tune_mc1.results.provenance import provenance


def write_head(where: ResultDir, sweep: Sweep, data: ImageData) -> None:
    """Writes `sweep.yaml` and `provenance.json`; a sweep that is resumed adds to the second.

    Raises:
        StorageError: If they cannot be written.
    """
    facts = provenance() | {"data_set": data.summary()}
    if where.provenance.exists():
        try:
            first = json.loads(where.provenance.read_text())
        except ValueError:  # it only informs
            first = {}
        facts = first | {"resumed": [*first.get("resumed", ()), facts]}
    for path, text in (
        (where.sweep_file, config_to_yaml(sweep)),
        (where.provenance, json.dumps(facts, indent=2) + "\n"),
    ):
        try:
            with replacing(path) as aside:
                aside.write_text(text, encoding="utf-8")
        except OSError as error:
            raise StorageError.of(path, error) from None


def sweep_event(sweep: Sweep, data: ImageData) -> SweepEvent:
    """The event of a sweep on some images."""
    return {
        "event": "sweep",
        "format": FORMAT,
        "name": sweep.name,
        "description": sweep.description,
        "project": sweep.project,
        "entity": sweep.entity,
        "method": sweep.method,
        "fuse": sweep.fuse,
        "replicates": sweep.replicates,
        "metric": sweep.metric.name,
        "maximize": sweep.metric.maximize,
        "data": data.name,
        "fingerprint": data.fingerprint,
        "classes": list(data.classes),
        "image_shape": list(data.image_shape),
        "train_images": len(data.train_labels),
        "test_images": len(data.test_labels),
        "limit_images": sweep.limit_images,
        "scale": sweep.scale,
        "validation": sweep.model_dump(include={"validation"})["validation"],
    }
