"""Output that nobody takes any more, as after `| head -1`, is dropped, and the command goes on."""

import io
import os
import sys
from typing import Any


class _Dropping(io.RawIOBase):
    """A file descriptor that becomes `/dev/null` once its reader is gone.

    Args:
        number: The descriptor.
    """

    def __init__(self, number: int) -> None:
        self._file = io.FileIO(number, "w", closefd=False)

    def writable(self) -> bool:
        """True."""
        return True

    def fileno(self) -> int:
        """The descriptor."""
        return self._file.fileno()

    def isatty(self) -> bool:
        """True for a terminal."""
        return self._file.isatty()

    def write(self, content: Any) -> int | None:
        """Writes, or drops what nobody takes."""
        try:
            return self._file.write(content)
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())  # processes that it starts get it too
            os.close(nowhere)
            return self._file.write(content)


def drop_output_without_reader() -> None:
    """Makes standard output and error go on after their reader is gone.

    Rich would end the process, with a sweep in it.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if type(stream) is not io.TextIOWrapper:  # replaced by whoever runs the command
            continue
        stream.flush()
        replaced = io.TextIOWrapper(
            io.BufferedWriter(_Dropping(stream.fileno())),
            encoding=stream.encoding,
            errors=stream.errors,
            line_buffering=stream.line_buffering,
            write_through=stream.write_through,
        )
        setattr(sys, name, replaced)
