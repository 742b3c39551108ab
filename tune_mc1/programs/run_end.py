"""End of a trial's W&B run, written into the run's file when the trial has ended.

A program that was stopped or killed leaves a file without an `exit` record, which W&B uploads as a
failed run. Nothing in any file says that a sweep has stopped the trial, and each run names a sweep
that W&B's server does not have, for which it refuses the run. The file is therefore replaced by one
with the same records but these. It is a new file, not an addition to the old one, so that a
process of W&B that has survived its program cannot write into it, and a crash leaves either whole.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from tune_mc1.files import replacing
from tune_mc1.programs.wandb_log import HEADER, LogWriter, WandbLog
from tune_mc1.programs.wandb_record import MESSAGES, Record, type_of

STATE = "state"
"""Name in the run's summary."""

_HISTORY, _SUMMARY = (MESSAGES["Record"][name][0] for name in ("history", "summary"))


@dataclass
class RunFacts:
    """What a run's file says of the run.

    Attributes:
        run_id: The run's id; empty if the file has no whole record of it.
        project: Its project.
        entity: Its entity; empty for the user's own.
        sweep_id: Its sweep.
        steps: Step of its last row; -1 if it has none.
        state: State of the trial, if it is in the summary.
        exit_code: Its exit code; None if it did not end.
        last: Number of its last record.
    """

    run_id: str = ""
    project: str = ""
    entity: str = ""
    sweep_id: str = ""
    steps: int = -1
    state: str | None = None
    exit_code: int | None = None
    last: int = 0


def read_facts(file: Path) -> RunFacts:
    """Reads a run's file.

    Args:
        file: The `.wandb` file.

    Raises:
        OSError: It cannot be read.
    """
    facts, row, data = RunFacts(), b"", b""
    for data in WandbLog(file).new_records():
        kind = type_of(data)
        if kind == _HISTORY:
            row = data
        elif kind != _SUMMARY or STATE.encode() in data:
            _note(facts, _decoded(data))
    facts.steps = _step(_decoded(row).history) if row else -1
    facts.last = _decoded(data).num if data else 0
    return facts


def end_run(file: Path, state: str, exit_code: int) -> bool:
    """Makes a run end as its trial did.

    Args:
        file: Its `.wandb` file, which no process writes any more.
        state: The trial's state.
        exit_code: The run's exit code, unless the run has ended in that state already.

    Returns:
        Whether the file was changed.

    Raises:
        OSError: It cannot be read or written.
    """
    facts = read_facts(file)
    if not facts.run_id:
        return False
    ended = facts.exit_code is not None and facts.state == state
    if ended and not facts.sweep_id:
        return False
    code = facts.exit_code if ended and facts.exit_code is not None else exit_code
    with replacing(file) as aside, file.open("rb") as old, aside.open("wb") as new:
        writer = LogWriter(new, old.read(HEADER))
        for data in WandbLog(file).new_records():
            if (kept := _kept(data)) is not None:
                writer.write(kept)
        for data in _ending(facts.last, state, code):
            writer.write(data)
    return True


def _ending(last: int, state: str, exit_code: int) -> Iterator[bytes]:
    summary = Record(num=last + 1)
    summary.summary.update.add(key=STATE, value_json=json.dumps(state))
    yield summary.SerializeToString()
    end = Record(num=last + 2)
    end.exit.exit_code = exit_code
    yield end.SerializeToString()


def _kept(data: bytes) -> bytes | None:
    """What the new file has of a record of the old one; None for nothing."""
    if type_of(data) in (_HISTORY, _SUMMARY):
        return data
    record = _decoded(data)
    if record.HasField("exit"):
        return None
    if not record.HasField("run"):
        return data
    record.run.ClearField("sweep_id")  # other fields than ours are kept
    return bytes(record.SerializeToString())


def _note(facts: RunFacts, record: Any) -> None:
    if record.HasField("run"):
        run = record.run
        facts.run_id, facts.sweep_id = run.run_id, run.sweep_id
        facts.project, facts.entity = run.project, run.entity
    elif record.HasField("exit"):
        facts.exit_code = record.exit.exit_code
    for item in record.summary.update:
        if item.key == STATE:
            facts.state = str(json.loads(item.value_json))


def _step(history: Any) -> int:
    for item in history.item:
        if "_step" in (item.key, *item.nested_key):
            return int(json.loads(item.value_json))
    return -1


def _decoded(data: bytes) -> Any:
    with suppress(DecodeError):  # a record of a version of W&B to come
        return Record.FromString(data)
    return Record()
