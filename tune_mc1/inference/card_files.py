"""The files that a model card names: one network, exported in several forms under one name."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

HEADS = ("file", "form", "largest difference of a probability from the checkpoint's", "SHA-256")

_ROW = re.compile(
    r"^\| `(.+)` \| ([\w.]+) \| (\S+) on (.+?)(?: \| (?:`([0-9a-f]+)`)?)? \|$", re.MULTILINE
)


@dataclass(frozen=True)
class Exported:
    """A file of a network.

    Attributes:
        name: Its name.
        form: Its form.
        difference: Largest difference of a probability from the checkpoint's.
        checked: Number of images that were compared, with what they are.
        digest: Its SHA-256, which tells whether it is still the file that the card describes;
            empty in cards of earlier versions.
    """

    name: str
    form: str
    difference: float
    checked: str
    digest: str = ""

    @property
    def row(self) -> list[str]:
        """Its line in the table of a card, which `files_named` reads."""
        compared = f"{self.difference:.1e} on {self.checked}"
        digest = f"`{self.digest}`" if self.digest else ""
        return [f"`{self.name}`", self.form, compared, digest]


_TITLE = re.compile(r"# \S+, trial \S+ of \S")


def card_for(path: Path, title: str, exported: Exported) -> tuple[Path, list[Exported]]:
    """The card of an exported file, and all files that it is to name.

    Files of one network that differ in their suffix share a card, `flowers.md`. If that is the
    card of another network, whose files are still there, or a text of somebody's own, the file has
    a card of its own: `flowers.onnx.md`.

    Args:
        path: The exported file.
        title: First line of the card.
        exported: The file, as the card describes it.
    """
    shared = path.with_suffix(".md")
    before = _read(shared)
    named = [one for one in files_named(before) if (path.parent / one.name).exists()]
    others = [one for one in named if one.name != exported.name]
    if before.startswith(f"{title}\n"):
        return shared, sorted([*others, exported], key=lambda one: one.name)
    if before and (others or not _TITLE.match(before)):
        return path.with_name(f"{path.name}.md"), [exported]
    return shared, [exported]


class Older:
    """An older file in the place of an export, which is away while the card is another one.

    Two files cannot be replaced at once. So that no file is beside the card of another, whatever
    happens in between, it is kept under a hidden name until the export is in place, and comes back
    with its card if that fails.

    Args:
        path: The place.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._away = path, path.with_name(f".{path.name}.older")
        self._card: tuple[Path, bytes] | None = None

    def move_away(self, card: Path) -> None:
        """Moves the file away, if there is one, before a card is written."""
        if self._path.exists():
            if card.exists():
                self._card = card, card.read_bytes()
            self._path.replace(self._away)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self._away.unlink(missing_ok=True)
        elif self._away.exists() and not self._path.exists():
            if self._card is not None:
                card, content = self._card
                with suppress(OSError):
                    card.write_bytes(content)
            self._away.replace(self._path)


def files_named(card: str) -> Sequence[Exported]:
    """The files in the table of a card."""
    return [
        Exported(name, form, float(difference), checked, digest)
        for name, form, difference, checked, digest in _ROW.findall(card)
    ]


def _read(card: Path) -> str:
    try:
        return card.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
