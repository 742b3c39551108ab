"""Whether trackers have all of a journal, so that a resume need not start them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tune_mc1.files import replacing
from tune_mc1.tracking.wandb.mode import choose_mode

if TYPE_CHECKING:
    from tune_mc1.results.directory import ResultDir


@dataclass(frozen=True)
class KeptUp:
    """What is known of the trackers of a result directory from the end of its last run.

    Attributes:
        where: The result directory.
        trackers: Their names.
        options: Values of their own flags, by name, as far as they decide where runs are sent.
    """

    where: "ResultDir"
    trackers: Sequence[str]
    options: Mapping[str, str | None]

    @classmethod
    def of(
        cls, where: "ResultDir", trackers: Iterable[str], options: Mapping[str, str | None]
    ) -> "KeptUp":
        """Of trackers as they are set up.

        Args:
            where: The result directory.
            trackers: Their names.
            options: Values of their own flags, by name.

        Raises:
            InputError: If W&B's mode cannot be used.
        """
        names = [*trackers]
        mode = {"wandb": choose_mode(options.get("wandb"))} if "wandb" in names else {}
        return cls(where, names, {**options, **mode})

    def is_complete(self) -> bool:
        """True if these trackers have had all events of the journal."""
        with suppress(OSError, ValueError):
            found: object = json.loads(self.where.tracked.read_text())
            return found == self._now()
        return False

    def record(self) -> None:
        """Records that they have; without, a resume starts them."""
        with suppress(OSError), replacing(self.where.tracked) as aside:
            aside.write_text(json.dumps(self._now()))

    def _now(self) -> dict[str, object]:
        size = self.where.journal.stat().st_size
        return {"journal": size, "trackers": [*self.trackers], "options": dict(self.options)}
