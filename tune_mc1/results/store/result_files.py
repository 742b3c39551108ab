"""Files of a result directory: here, or fetched from its object store when they are wanted."""

from pathlib import Path

from tune_mc1.errors import StorageError
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.store.remote import Remote


class Files:
    """Files of a result directory.

    Args:
        where: The directory.
        remote: Its folder in an object store; None without one.
    """

    def __init__(self, where: ResultDir, remote: Remote | None = None) -> None:
        self.where, self.remote = where, remote

    def local(self, name: str) -> Path:
        """Path of a file, downloaded if only the store has it; need not exist.

        Args:
            name: Path relative to the result directory.

        Raises:
            StorageError: If the store fails.
        """
        path = self.where.root / name
        if self.remote is None or path.exists():
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.remote.get(name, path)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise StorageError.of(path, error) from None
        return path

    def below(self, folder: str) -> list[Path]:
        """Files in a folder and those below, in the order of their names; hidden ones left out.

        Args:
            folder: Path relative to the result directory.
        """
        root = self.where.root
        names = {p.relative_to(root) for p in (root / folder).rglob("*") if p.is_file()}
        if self.remote is not None:
            names |= {Path(n) for n in self.remote.files() if n.startswith(f"{folder}/")}
        return [root / name for name in sorted(names) if not name.name.startswith(".")]
