"""Record of what Lightning's loggers have sent to a server, which cannot be asked for it.

`CLASS-sent.jsonl` in the result directory has the run of each trial, its last epoch, the summary,
and how it ended. Like all files at the top of that directory it is in the object store too within
seconds, so that a sweep that is resumed on another machine knows them.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tune_mc1.results.journal import read_records

if TYPE_CHECKING:
    from tune_mc1.results.directory import ResultDir

FOLDER = "loggers"
"""Folder of a result directory below which loggers write, unless they say otherwise."""


class LoggerRecord:
    """The record of one class of loggers.

    Args:
        where: The result directory.
        name: Name of the class.
        database: A file of `loggers/` that the loggers write instead of asking a server, if they
            do. The record then stays beside it, as both are in the object store at the end only.
    """

    def __init__(self, where: "ResultDir", name: str, database: Path | None) -> None:
        # A dry run imports the trackers, but not the results and with them pyarrow.
        from tune_mc1.results.store.local_copy import remote_of
        from tune_mc1.results.store.result_files import Files

        self._files = Files(where, remote_of(where))
        self._beside = f"{FOLDER}/{name}.jsonl"
        self._database = database
        path = self._beside if database is not None else f"{name}-sent.jsonl"
        self._path = where.root / path
        self._sent: dict[str, dict[str, Any]] = {}

    def read(self) -> None:
        """Reads what was sent before; from the object store, if only that has it.

        Raises:
            StorageError: If the store fails.
        """
        self._path.parent.mkdir(exist_ok=True)
        if self._database is not None:
            name = f"{FOLDER}/{self._database.name}"
            if not self._files.local(name).exists():
                self._path.unlink(missing_ok=True)  # all is written anew
                return
        for path in dict.fromkeys((self._files.local(self._beside), self._path)):
            for record, _ in read_records(path):
                self._sent.setdefault(record["trial"], {}).update(record)

    def get(self, trial: str, what: str, default: Any = None) -> Any:
        """Something that is recorded of a trial.

        Args:
            trial: The trial.
            what: `run`, `epoch`, `summary` or `ended`.
            default: What is returned if it is not known.
        """
        known = self._sent.get(trial, {})
        if what == "run" and what not in known:
            what = "run_id"  # as earlier versions recorded it
        return known.get(what, default)

    def add(self, trial: str, **what: Any) -> None:
        """Records something of a trial, at once."""
        self._sent.setdefault(trial, {}).update(what)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"trial": trial, **what}) + "\n")
