"""What a result directory says of the networks of its trials, for checkpoints that do not."""

from typing import TYPE_CHECKING, Any

from tune_mc1.config.user_code import look_in
from tune_mc1.errors import InputError, TuneMc1Error
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.schema import Row
from tune_mc1.results.tables import SweepTables, trial_of
from tune_mc1.results.written_sweep import written_sweep

if TYPE_CHECKING:
    from tune_mc1.data.images import Statistics
    from tune_mc1.training.model_facts import ModelFacts


def look_for_code(where: ResultDir) -> None:
    """Makes networks of the user's own importable, as its sweep file says where they are."""
    if where.sweep_file.exists():
        look_in(written_sweep(where).import_from)


def known_facts(where: ResultDir, tables: SweepTables, row: Row) -> "ModelFacts | None":
    """The facts of a trial by its row; None if the directory does not have them.

    Args:
        where: The result directory.
        tables: Its tables.
        row: The trial's row.

    Raises:
        InputError: If the trial's parameters are not known to this version.
    """
    from tune_mc1.training.model_facts import ModelFacts, normalization

    facts = tables.metadata
    if "image_shape" not in facts or "classes" not in facts:
        return None
    channels, height, width = facts["image_shape"]
    config = trial_of(row, tables.columns).config
    try:
        mean, std = normalization(config, channels)
    except ValueError:
        try:
            mean, std = _statistics(where, facts)
        except TuneMc1Error:
            return None
    return ModelFacts(config, tuple(facts["classes"]), (channels, height, width), mean, std)


def _statistics(where: ResultDir, facts: dict[str, Any]) -> "Statistics":
    """Statistics of the sweep's training images, for checkpoints that do not have them."""
    from tune_mc1.data.on_disk import images_on_disk
    from tune_mc1.data.wanted import channel_statistics

    data = images_on_disk(written_sweep(where), str(facts["data"]))
    if data.fingerprint != facts["fingerprint"]:
        raise InputError(f"{where.root}: its images are not those of {data.name}")
    return channel_statistics(data.train_images)
