"""Head of a result directory: the resolved sweep and where its numbers come from."""

import json

from tune_mc1.config.load import config_to_yaml
from tune_mc1.config.sweep import Sweep
from tune_mc1.data.images import ImageData
from tune_mc1.errors import StorageError
from tune_mc1.files import replacing
from tune_mc1.results.directory import ResultDir
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
