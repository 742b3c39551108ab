"""The command that a job runs on a cluster, made of the flags as they were parsed here."""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from tune_mc1.errors import InputError
from tune_mc1.files import utf8

FILES = "files"
"""Folder of the job's working directory that holds the sweep file: it may have any name there."""

_URL = re.compile(r"([a-z][a-z0-9+.-]+):/+(?=[^/])")


LOCAL = ("--address", "--dry-run", "--json")
"""Options that are for the command here, not for the job."""


@dataclass(frozen=True)
class JobCommand:
    """A command that is to run on a cluster.

    Attributes:
        address: The cluster's dashboard, such as `http://head:8265`.
        words: Such as `sweep grid`.
        file: The sweep file here; None for a shipped one, or that of the directory which goes on.
        options: Values by the names of the options; what is None, False or empty is left out.
    """

    address: str
    words: tuple[str, ...]
    file: Path | None
    options: Mapping[str, Any]

    @classmethod
    def of(cls, context: typer.Context) -> "JobCommand":
        """The command as the command line was parsed, with all its options."""
        options, words = {}, [str(context.info_name)]
        values = context.params
        for parameter in context.command.params:
            name, value = str(parameter.name), values[str(parameter.name)]
            if parameter.param_type_name == "option":
                options[max(parameter.opts, key=len)] = value
            elif name != "file":
                words.append(value)
        address = options["--address"]
        kept = {name: value for name, value in options.items() if name not in LOCAL}
        file = values.get("file")
        return cls(address, tuple(words), None if file is None else Path(file), kept)

    def entrypoint(self) -> str:
        """The line for the shell. `exec`, so that a signal to the job comes to the sweep itself."""
        file = () if self.file is None else (f"{FILES}/{utf8(self.file.name)}",)
        words = (*self.words, *self._spelled(), "--address=auto", *(("--", *file) if file else ()))
        return f"exec python -m tune_mc1 {shlex.join(words)}"

    def _spelled(self) -> Iterator[str]:
        for name, value in self.options.items():
            if value is None or value is False:
                continue
            if value is True:
                yield name
                continue
            for each in value if isinstance(value, list | tuple) else (value,):
                yield f"{name}={_text(each)}"

    def check_places(self, storage: str | None) -> None:
        """Refuses results where the job's own directory would be, which goes away with it.

        Args:
            storage: Where the sweep file wants results, or None.

        Raises:
            InputError: If results would go to a relative path, or come from one.
        """
        rule = "a URL or an absolute path that every node of the cluster has"
        if resume := self.options.get("--resume"):
            if not _lasts(_text(resume)):
                raise InputError(f"--resume: must be {rule}, got {_text(resume)!r}")
            return
        output = self.options.get("--output")
        place = output or storage
        if place is None:
            raise InputError(f"-o: is needed with --address http://...: {rule}")
        if not _lasts(_text(place)):
            field = "-o" if output else "storage"
            raise InputError(f"{field}: must be {rule}, got {_text(place)!r}")

    @property
    def place(self) -> str | None:
        """Where results are to go, if the command says so."""
        output = self.options.get("--output")
        return None if output is None else _text(output)

    @property
    def root(self) -> str | None:
        """The directory of the sweep that goes on, if one does."""
        resume = self.options.get("--resume")
        return None if resume is None else _text(resume)


def _text(value: object) -> str:
    """The value as it was written: a path that was a URL has lost a slash."""
    return _URL.sub(r"\1://", str(value), count=1) if isinstance(value, Path) else str(value)


def _lasts(place: str) -> bool:
    return place.startswith("/") or bool(_URL.match(place))
