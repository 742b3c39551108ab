"""Event files of TensorBoard, written record by record without a thread or an open file.

A folder has one file of ours. Beginning anew replaces it by one with a later name, whose first
record tells a TensorBoard that is running to drop what it has read of the run.
"""

import time
from collections.abc import Iterable
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

VERSION = "brain.Event:2"
"""First record of every file, by which TensorBoard knows the format."""

SUFFIX = "tune_mc1"


class EventFile:
    """The event file of a run.

    Args:
        folder: Folder of the run; files of other writers in it are left alone.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        old = list(folder.glob(f"events.out.tfevents.*.{SUFFIX}"))
        self._path = folder / f"events.out.tfevents.{time.time_ns():020d}.{SUFFIX}"
        start = SessionLog(status=SessionLog.START)
        self._write(
            [
                Event(wall_time=time.time(), file_version=VERSION),
                Event(wall_time=time.time(), step=0, session_log=start),
            ]
        )
        for path in old:
            path.unlink(missing_ok=True)

    def add(self, values: Iterable[tuple[Summary.Value, int, float]]) -> None:
        """Appends values.

        Args:
            values: Each with its step and its time in seconds since 1970.
        """
        self._write(
            Event(wall_time=at, step=step, summary=Summary(value=[value]))
            for value, step, at in values
        )

    def _write(self, events: Iterable[Event]) -> None:
        with self._path.open("ab") as file:
            writer = RecordWriter(file)
            for event in events:
                writer.write(event.SerializeToString())


def scalar(tag: str, value: float) -> Summary.Value:
    """A scalar, which TensorBoard keeps in 32 bits."""
    return Summary.Value(tag=tag, simple_value=value)
