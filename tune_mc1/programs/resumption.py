"""Where the iterations of a trial that starts again are counted from."""

import time
from pathlib import Path


class Resumption:
    """Counts a trial's iterations over all of its attempts.

    A program that keeps nothing in its checkpoint directory begins again, and so does the count.
    Where it does, it goes on from its last checkpoint: what was logged before that still counts,
    and what came after it is logged again.

    Args:
        folder: The trial's own directory, which keeps the times of its iterations.
        checkpoint_dir: Where the program keeps its state.
    """

    def __init__(self, folder: Path, checkpoint_dir: Path) -> None:
        self._file = folder / "iterations"
        saved = _newest(checkpoint_dir)
        times = _read(self._file) if saved is not None else []
        kept = [when for when in times if saved is not None and when <= saved]
        folder.mkdir(parents=True, exist_ok=True)
        self._file.write_text("".join(f"{when!r}\n" for when in kept))
        self._count = len(kept)

    def count(self, timestamp: float | None) -> int:
        """The number of a new iteration, from 1.

        Args:
            timestamp: When it was logged, in seconds since 1970; None for now.
        """
        self._count += 1
        with self._file.open("a") as file:
            file.write(f"{timestamp or time.time()!r}\n")
        return self._count


def _newest(folder: Path) -> float | None:
    """When a file in a directory last changed; None without files."""
    times = [path.stat().st_mtime for path in folder.rglob("*") if path.is_file()]
    return max(times, default=None)


def _read(file: Path) -> list[float]:
    if not file.exists():
        return []
    return [float(line) for line in file.read_text().split("\n")[:-1]]
