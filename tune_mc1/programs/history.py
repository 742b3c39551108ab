"""What a program logs to W&B, read from its run's file while the program writes it."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from tune_mc1.programs.log_row import Kind, LogRow, make_row, scalar_of_json, scalars, value_of_json
from tune_mc1.programs.wandb_log import WandbLog
from tune_mc1.programs.wandb_record import MESSAGES, Record, type_of

HISTORY, SUMMARY = (MESSAGES["Record"][name][0] for name in ("history", "summary"))


class HistoryReader:
    """Reads a run's file, each row once. Reading costs time linear in what is new.

    Args:
        path: The `.wandb` file; it may not exist yet.

    Attributes:
        left_out: Names that were logged with values that are no scalars, and their last kind.
        exit_code: The run's exit code; None until the program has finished the run.
    """

    def __init__(self, path: Path) -> None:
        self.left_out: dict[str, Kind] = {}
        self.exit_code: int | None = None
        self._log = WandbLog(path)
        self._config: dict[str, Any] = {}

    @property
    def path(self) -> Path:
        """The file."""
        return self._log.path

    @property
    def damaged(self) -> int:
        """Blocks of 32 KiB that could not be read because of a wrong checksum."""
        return self._log.damaged

    @property
    def config(self) -> dict[str, Any]:
        """The run's config so far, W&B's own entry left out."""
        return {name: value for name, value in self._config.items() if name != "_wandb"}

    def read(self) -> list[LogRow]:
        """The rows that have come since the last call, in the program's order."""
        rows: list[LogRow] = []
        for record in _decode(self._log, skip=SUMMARY):
            if record.HasField("history"):
                rows.append(self._row(record.history.item))
            elif record.HasField("config"):
                _change(self._config, record.config)
            elif record.HasField("run"):
                _change(self._config, record.run.config)
            elif record.HasField("exit"):
                self.exit_code = record.exit.exit_code
        return rows

    def summary(self) -> dict[str, float]:
        """Scalars of the run's summary: its last values, and those that the program set itself.

        The whole file is read again. Values that are no scalars are added to `left_out`.
        """
        values: dict[str, Any] = {}
        for record in _decode(WandbLog(self.path), skip=HISTORY):
            _change(values, record.summary)
        found: dict[str, float] = {}
        left_out: dict[str, Kind] = {}
        for name, value in values.items():
            found |= scalars(name, value, left_out)
        self.left_out = left_out | self.left_out
        return {name: value for name, value in found.items() if not name.startswith("_")}

    def _row(self, items: Any) -> LogRow:
        values: dict[str, float] = {}
        media: set[str] = set()
        for item in items:
            nested = item.nested_key
            name = ".".join(nested) if nested else item.key
            text = item.value_json
            if not text:
                values.update(scalars(name, _typed_value(item), self.left_out))
            elif (number := scalar_of_json(text)) is not None:
                values[name] = number
            elif name.endswith("._type"):
                media.add(name.removesuffix("_type"))
            else:
                values.update(scalars(name, value_of_json(text), self.left_out))
        return make_row(self._without(media, values) if media else values)

    def _without(self, media: set[str], values: dict[str, float]) -> dict[str, float]:
        """The values outside of histograms, images and the like, which W&B logs as dicts."""
        prefixes = tuple(media)
        self.left_out = {n: k for n, k in self.left_out.items() if not n.startswith(prefixes)}
        self.left_out |= {prefix.removesuffix("."): "media" for prefix in media}
        return {name: v for name, v in values.items() if not name.startswith(prefixes)}


def _change(values: dict[str, Any], record: Any) -> None:
    """Applies a change of a run's config or summary to its values."""
    for item in record.update:
        *groups, name = tuple(item.nested_key) or (item.key,)
        place = values
        for group in groups:
            if not isinstance(place.get(group), dict):
                place[group] = {}
            place = place[group]
        place[name] = value_of_json(item.value_json)
    for item in record.remove:
        *groups, name = tuple(item.nested_key) or (item.key,)
        place = values
        for group in groups:
            inner = place.get(group)
            place = inner if isinstance(inner, dict) else {}
        place.pop(name, None)


def _decode(log: WandbLog, skip: int) -> Iterator[Any]:
    """The new records of a log, but those of one type, which cost nothing then."""
    for data in log.new_records():
        if type_of(data) != skip:
            with suppress(DecodeError):  # a record of a version of W&B to come
                yield Record.FromString(data)


def _typed_value(item: Any) -> Any:
    """The value of an item that has no JSON text; W&B's schema allows for it."""
    kind = item.WhichOneof("value")
    if kind is None:
        return None
    return value_of_json(item.json) if kind == "json" else getattr(item, kind)
