"""What a data source is asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tune_mc1.config.image_files import ImageFiles

Notify = Callable[[str], None]


@dataclass(frozen=True)
class Request:
    """Images that are wanted, and how.

    Attributes:
        files: What stands in `data:`.
        home: Folder of data sets; None for the default.
        notify: Called with each notice for the user.
        image_size: Height and width to which images are brought as they are decoded; None keeps
            their own.
        part: Fraction of the images of each class that is wanted; others need not be decoded.
        pixels: Whether images are decoded, after the first one; if not, all their pixels are 0.
        lazy: Whether images may be decoded when they are looked at, if all have been before.
    """

    files: ImageFiles
    home: Path | None
    notify: Notify
    image_size: int | None = None
    part: float = 1.0
    pixels: bool = True
    lazy: bool = False

    @property
    def path(self) -> Path:
        """The path in `data:`."""
        return Path(self.files.path).expanduser()
