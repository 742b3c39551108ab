"""Command that a job runs on a cluster, built from the parsed command line."""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from tune_mc1.errors import InputError
from tune_mc1.files import utf8
from tune_mc1.planning.script_sweep import SCRIPTS

FILES = "files"
"""Folder in the job's working directory for the sweep file, which may have any name there."""

PROGRAM = "program"
"""Folder in the job's working directory for the files of a program, which run there."""

_URL = re.compile(r"([a-z][a-z0-9+.-]+):/+(?=[^/])")


LOCAL = ("--address", "--cacert", "--allow-http", "--dry-run", "--json", "--cluster")
"""Options of the local command that are not passed to the job."""


@dataclass(frozen=True)
class JobCommand:
    """A command to run on a cluster.

    Attributes:
        address: The cluster's dashboard, such as `http://head:8265`.
        words: Words of the command, such as `sweep grid`.
        file: The local sweep file; None for a shipped one, or if a sweep is resumed.
        options: Option values by name; None, False and empty values are left out.
        directory: Directory of a program, absolute; None in our own training.
        cacert: Certificates of the authorities that the connection trusts; None for the usual ones.
        allow_http: Whether the token may be sent unencrypted.
        arguments: Arguments of a script that starts its own sweep.
    """

    address: str
    words: tuple[str, ...]
    file: Path | None
    options: Mapping[str, Any]
    directory: Path | None = None
    cacert: Path | None = None
    allow_http: bool = False
    arguments: tuple[str, ...] = ()

    @classmethod
    def of(cls, context: typer.Context) -> "JobCommand":
        """The command of a parsed command line, with all its options."""
        options, words = {}, [str(context.info_name)]
        values = context.params
        for parameter in context.command.params:
            name, value = str(parameter.name), values[str(parameter.name)]
            if parameter.param_type_name == "option":
                options[max(parameter.opts, key=len)] = value
            elif name not in ("file", "arguments"):
                words.append(value)
        address = options["--address"]
        kept = {name: value for name, value in options.items() if name not in LOCAL}
        file = values.get("file")
        return cls(
            *(address, tuple(words), None if file is None else Path(file), kept),
            cacert=values.get("cacert"),
            allow_http=values.get("allow_http", False),
            arguments=tuple(values.get("arguments") or ()),
        )

    def entrypoint(self) -> str:
        """The shell command; with `exec`, so that a signal to the job reaches the sweep itself."""
        file = () if self.file is None else (self._place_of(self.file), *self.arguments)
        words = (*self.words, *self._spelled(), "--address=auto", *(("--", *file) if file else ()))
        change = "" if self.directory is None else f"cd {PROGRAM} && "
        return f"{change}exec python -m tune_mc1 {shlex.join(words)}"

    @property
    def is_script(self) -> bool:
        """True if the file is a script that starts its own sweep, a part of the program."""
        return self.file is not None and self.file.suffix in SCRIPTS

    def _place_of(self, file: Path) -> str:
        """Path of the sweep file from the directory in which the command runs.

        Raises:
            InputError: If it is a script that is not sent.
        """
        if self.directory is None:
            return f"{FILES}/{utf8(file.name)}"
        if not self.is_script:
            return f"../{FILES}/{utf8(file.name)}"
        if not file.absolute().is_relative_to(self.directory):
            rule = f"must be in {self.directory}, which is sent to the cluster"
            raise InputError(f"{file}: {rule}")
        return str(file.absolute().relative_to(self.directory))

    @property
    def resuming(self) -> str:
        """Words of the command that resumes its sweep, with the file if that names a program."""
        file = () if self.directory is None or self.file is None else (str(self.file),)
        return shlex.join((*self.words, *file))

    def _spelled(self) -> Iterator[str]:
        for name, value in self.options.items():
            if value is None or value is False:
                continue
            if value is True:
                yield name
                continue
            for each in value if isinstance(value, list | tuple) else (value,):
                yield f"{name}={place_text(each)}"

    def check_places(self, storage: str | None) -> None:
        """Rejects relative paths for results: the working directory is deleted with the job.

        Args:
            storage: Location for results in the sweep file, or None.

        Raises:
            InputError: If results would be written to or resumed from a relative path.
        """
        rule = "a URL or an absolute path that all nodes of the cluster share"
        if resume := self.options.get("--resume"):
            if not lasts(place_text(resume)):
                raise InputError(f"--resume: must be {rule}, got {place_text(resume)!r}")
            return
        output = self.options.get("--output")
        place = output or storage
        if place is None:
            raise InputError(f"-o: is required with --address http://...: {rule}")
        if not lasts(place_text(place)):
            field = "-o" if output else "storage"
            raise InputError(f"{field}: must be {rule}, got {place_text(place)!r}")

    @property
    def place(self) -> str | None:
        """Location for results, if the command names one."""
        output = self.options.get("--output")
        return None if output is None else place_text(output)

    @property
    def root(self) -> str | None:
        """Directory of the resumed sweep, if any."""
        resume = self.options.get("--resume")
        return None if resume is None else place_text(resume)


def place_text(value: object) -> str:
    """The value as the user wrote it; a URL parsed as a path has lost a slash."""
    return _URL.sub(r"\1://", str(value), count=1) if isinstance(value, Path) else str(value)


def lasts(place: str) -> bool:
    """True if a place does not depend on where a command runs."""
    return place.startswith("/") or bool(_URL.match(place))
