"""Head of a result directory: `sweep.yaml`, `provenance.json` and the event `sweep`."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import uuid4

from tune_mc1.config.load import config_to_yaml
from tune_mc1.config.module_sweep import ModuleSweep
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.recipe import RECIPE
from tune_mc1.config.sweep import Sweep
from tune_mc1.data.images import ImageData
from tune_mc1.data.source import from_anywhere
from tune_mc1.errors import StorageError
from tune_mc1.files import replacing
from tune_mc1.results.cells import argument_kinds, merged_kinds
from tune_mc1.results.columns_of_programs import parameter_kinds
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import PROGRAM_FORMAT, TRAINING_FORMAT
from tune_mc1.results.growth_events import GrowEvent
from tune_mc1.results.provenance import provenance
from tune_mc1.results.sweep_event import SweepEvent


def write_head(
    where: ResultDir, sweep: Sweep, data: ImageData | None, changes: Sequence[str] = ()
) -> None:
    """Writes `sweep.yaml` and `provenance.json`; a resumed sweep extends the latter.

    The sweep is resumed and reported on from any directory, so its path of images is absolute.

    Args:
        where: The result directory.
        sweep: The sweep.
        data: The images; None for a program.
        changes: How a resumed sweep differs from what it was; `provenance.json` keeps its old file.

    Raises:
        StorageError: If they cannot be written.
    """
    record = provenance() | ({"data_set": data.summary()} if data is not None else {})
    if changes and where.sweep_file.exists():
        old = where.sweep_file.read_text(encoding="utf-8", errors="replace")
        record |= {"changes": list(changes), "sweep_before": old}
    if where.provenance.exists():
        try:
            first = json.loads(where.provenance.read_text())
        except ValueError:  # damaged, but only informative
            first = {}
        record = first | {"resumed": [*first.get("resumed", ()), record]}
    for path, text in (
        (where.sweep_file, sweep_text(sweep, data)),
        (where.provenance, json.dumps(record, indent=2) + "\n"),
    ):
        try:
            with replacing(path) as aside:
                aside.write_text(text, encoding="utf-8")
        except OSError as error:
            raise StorageError.of(path, error) from None


def sweep_text(sweep: Sweep, data: ImageData | None) -> str:
    """Content of `sweep.yaml`.

    Args:
        sweep: The sweep.
        data: The images; None for a program.
    """
    if data is not None:
        sweep = sweep.model_copy(update={"data": from_anywhere(sweep.data)})
    return config_to_yaml(sweep)


def grow_event(
    sweep: Sweep, data: ImageData | None, before: Mapping[str, Any], changes: Sequence[str]
) -> GrowEvent:
    """The event of a sweep that has other trials than before.

    Args:
        sweep: The sweep as it is now.
        data: The images; None for a program.
        before: Its metadata so far.
        changes: How it differs.
    """
    now: Mapping[str, Any] = sweep_event(sweep, data)
    fields: dict[str, Any] = {"replicates": sweep.replicates}
    if kinds := merged_kinds(before.get("parameters") or {}, now.get("parameters") or {}):
        fields["parameters"] = kinds
    if passes := {**(before.get("passes") or {}), **now.get("passes", {})}:
        fields["passes"] = passes
    if recipe := list(dict.fromkeys([*(before.get("recipe") or ()), *now.get("recipe", ())])):
        fields["recipe"] = recipe
    return {
        "event": "grow",
        "sweep": sweep_text(sweep, data),
        "changes": list(changes),
        **fields,  # type: ignore[typeddict-item]
    }


def sweep_event(
    sweep: Sweep, data: ImageData | None, run_ids: str = "", group: str = ""
) -> SweepEvent:
    """The event `sweep` of a sweep on a data set, or of a program.

    Args:
        sweep: The sweep.
        data: The images; None for a program.
        run_ids: Random part of the ids of its runs in W&B; drawn if empty.
        group: Their group, the name of the result directory.
    """
    event: SweepEvent = {
        "event": "sweep",
        "format": TRAINING_FORMAT if data is not None else PROGRAM_FORMAT,
        "name": sweep.name,
        "description": sweep.description,
        "project": sweep.project,
        "entity": sweep.entity,
        "method": sweep.method,
        "replicates": sweep.replicates,
        "metric": sweep.metric.name,
        "maximize": sweep.metric.maximize,
        "id": run_ids or uuid4().hex[:8],
        "group": group,
    }
    if sweep.constraints:
        event["constraints"] = list(sweep.constraints)
    if len(sweep.objectives) > 1:
        event["objectives"] = [objective.model_dump() for objective in sweep.objectives]
    if isinstance(sweep, ProgramSweep):
        kinds = parameter_kinds(sweep)
        event |= {"program": sweep.program, "parameters": kinds}
        if isinstance(sweep, ModuleSweep):
            event |= {"module": sweep.module, "own_runs": sweep.has_wandb_logger}
        return event
    return cast(SweepEvent, {**event, **_of_training(sweep, data)})


def _of_training(sweep: Sweep, data: ImageData | None) -> dict[str, object]:
    assert data is not None
    early = sweep.early_terminate
    own = {
        "parameters": argument_kinds(sweep),
        "passes": {model: list(names) for model, names in sweep.passes.items() if names},
        "recipe": [name for name in sweep.parameters if name in RECIPE],
        "metrics": list(sweep.chosen_metrics),
        "conditional": list(sweep.space.conditional),
        "changing": list(early.changes(sweep)) if early is not None else [],
    }
    return {name: value for name, value in own.items() if value} | {
        "fuse": sweep.fuse,
        "data": data.name,
        "fingerprint": data.fingerprint,
        "classes": list(data.classes),
        "image_shape": list(data.image_shape),
        "train_images": len(data.train_labels),
        "test_images": len(data.test_labels),
        **({} if data.val_labels is None else {"val_images": len(data.val_labels)}),
        "limit_images": sweep.limit_images,
        "scale": sweep.scale,
        "validation": sweep.model_dump(include={"validation"})["validation"],
    }
