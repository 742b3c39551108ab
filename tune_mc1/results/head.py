"""Head of a result directory: `sweep.yaml`, `provenance.json` and the event `sweep`."""

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
    """Writes `sweep.yaml` and `provenance.json`; a resumed sweep extends the latter.

    Raises:
        StorageError: If they cannot be written.
    """
    record = provenance() | {"data_set": data.summary()}
    if where.provenance.exists():
        try:
            first = json.loads(where.provenance.read_text())
        except ValueError:  # damaged, but only informative
            first = {}
        record = first | {"resumed": [*first.get("resumed", ()), record]}
    for path, text in (
        (where.sweep_file, config_to_yaml(sweep)),
        (where.provenance, json.dumps(record, indent=2) + "\n"),
    ):
        try:
            with replacing(path) as aside:
                aside.write_text(text, encoding="utf-8")
        except OSError as error:
            raise StorageError.of(path, error) from None


def sweep_event(sweep: Sweep, data: ImageData) -> SweepEvent:
    """The event `sweep` of a sweep on a data set."""
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
