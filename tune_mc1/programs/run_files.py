"""Files of the W&B runs that a program opens, found wherever it puts them."""

import os
import time
from contextlib import suppress
from pathlib import Path

_ELSEWHERE_S, _ELSEWHERE_PART = 1.0, 0.1
"""Seconds between two looks at the files that the program has open: a look takes 5 ms, so they
become rarer the longer it has run."""

_SETTLED_NS = 1e9


class RunFiles:
    """Finds the runs' files of one trial, each once.

    W&B puts them below `WANDB_DIR`, unless the program passes `dir` to `wandb.init`, as Lightning's
    `WandbLogger` does with the working directory. There they are known by their run id; in any
    other place as files that the program's processes have open.

    Args:
        own: The trial's `WANDB_DIR`, in which every run counts.
        directory: The program's working directory.
        run_id: The trial's `WANDB_RUN_ID`.
        begun: Whether the program runs already and is the trial's first: no file is an earlier
            attempt's.

    Attributes:
        earlier: Files of earlier attempts.
    """

    def __init__(self, own: Path, directory: Path, run_id: str, *, begun: bool = False) -> None:
        self._name = f"run-{run_id}.wandb"
        self._run_id = run_id
        self._places: dict[Path, int] = {own / "wandb": 0, directory / "wandb": 0}
        self._own = own / "wandb"
        self._begin = time.monotonic()
        self._next_look = self._begin + _ELSEWHERE_S
        self._known: set[Path] = set()
        self._names: set[tuple[str, str]] = set()
        self._any = False
        self.earlier = [] if begun else self.new()
        self._any = False

    def new(self, root: int | None = None) -> list[Path]:
        """Files that have come since the last call, in the order in which their runs began.

        Args:
            root: The program's supervisor, while the program runs.
        """
        now = time.monotonic()
        if root is not None and not self._any and now >= self._next_look:
            self._next_look = now + max(_ELSEWHERE_S, _ELSEWHERE_PART * (now - self._begin))
            self._places |= dict.fromkeys(_open_places(root, self._name), 0)
        found = [file for place in list(self._places) for file in self._distinct(place)]
        self._known.update(found)
        self._any = self._any or bool(found)
        return found

    def _distinct(self, place: Path) -> list[Path]:
        """New files of a place, without those of which another place has a copy."""
        files = [f for f in self._scan(place) if (f.parent.name, f.name) not in self._names]
        self._names |= {(file.parent.name, file.name) for file in files}
        return files

    def _scan(self, place: Path) -> list[Path]:
        try:
            changed = place.stat().st_mtime_ns
            if changed == self._places[place]:
                return []
            names = sorted(os.listdir(place))  # noqa: PTH208  a date and time each
        except OSError:
            return []
        ours = [name for name in names if "run-" in name and self._is_ours(place, name)]
        files = {name: self._run_files(place / name) for name in ours}
        # Within the clock's resolution the directory may change again unseen, and a run's file
        # comes some time after its directory.
        settled = time.time_ns() - changed > _SETTLED_NS and all(files.values())
        self._places[place] = changed if settled else 0
        return [file for its in files.values() for file in its if file not in self._known]

    def _is_ours(self, place: Path, name: str) -> bool:
        # W&B's `latest-run` is a link to the directory of a run.
        return (place == self._own or self._run_id in name) and not (place / name).is_symlink()

    def _run_files(self, folder: Path) -> list[Path]:
        with suppress(OSError):
            return list(folder.glob("run-*.wandb" if folder.parent == self._own else self._name))
        return []


def _open_places(root: int, name: str) -> set[Path]:
    """W&B's directories in which a descendant of a process has this file open."""
    import psutil

    places = set()
    with suppress(psutil.Error):
        for process in psutil.Process(root).children(recursive=True):
            with suppress(psutil.Error):
                files = [Path(file.path) for file in process.open_files()]
                places |= {file.parent.parent for file in files if file.name == name}
    return places
