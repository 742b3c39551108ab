"""The command that goes on with a sweep that was cut off."""

import json
import shlex
from typing import TYPE_CHECKING

from tune_mc1.errors import InputError, StorageError
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.store.local_copy import remote_of

if TYPE_CHECKING:
    from tune_mc1.results.tables import SweepTables


def resume_command(where: ResultDir, tables: "SweepTables | None" = None) -> str:
    """The command that resumes a sweep, from any machine if an object store has it.

    Args:
        where: The result directory.
        tables: Its tables; None reads them.
    """
    remote = remote_of(where)
    place = shlex.quote(remote.url if remote else str(where.root))
    if _began_with(where) == "train":
        return f"python -m tune_mc1 train --resume {place}"
    return f"python -m tune_mc1 sweep {_method(where, tables)} --resume {place}"


def _began_with(where: ResultDir) -> str | None:
    """The command that began it, such as `sweep`; None if it is not known."""
    try:
        words = json.loads(where.provenance.read_text(encoding="utf-8"))["command"]
        return str(words[3])
    except (OSError, ValueError, LookupError, TypeError):  # damaged, or by the Python interface
        return None


def _method(where: ResultDir, tables: "SweepTables | None") -> str:
    try:
        found = where.read() if tables is None else tables
    except (InputError, StorageError):
        return "METHOD"
    return str(found.metadata.get("method") or "METHOD")
