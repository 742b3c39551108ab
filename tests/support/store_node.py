"""A machine whose trials keep their files in an object store, and may be cut off."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from tests.support.mid_epoch import after_each_step
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Holdout
from tune_mc1.data.images import ImageData
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.store.remote import Remote
from tune_mc1.results.store.trial_store import TrialStore
from tune_mc1.training.run_trials import run_trials

CLOCK = ("seconds", "images_per_second", "node")
Row = dict[str, Any]


class PowerCut(BaseException):
    """The process is gone."""


def trials(count: int = 1, epochs: int = 4) -> list[Trial]:
    config = TrialConfig(model="CNN_simple", epochs=epochs, batch_size=16, device="cpu")
    return [
        Trial(id=f"t{i:04d}", config=config.model_copy(update={"learning_rate": 0.01 * i}))
        for i in range(1, count + 1)
    ]


class Node:
    """A machine that runs trials: its directory, and what is reported from it."""

    def __init__(self, folder: Path, remote: Remote, group: Sequence[Trial]) -> None:
        self.where = ResultDir(folder)
        self.group = group
        self.store = TrialStore(remote, self.where, group, keep=True)
        self.reports: list[list[Row]] = []
        self.saved = 0

    def run(self, data: ImageData, until: int = 100, within: int = 0) -> list[Row]:
        """Runs the group up to the report of an epoch; returns all rows that were reported.

        With `within`, up to that checkpoint within an epoch, of those after every step.
        """
        self.store.fetch()

        def report(rows: Sequence[Row], ends: Sequence[Row] = ()) -> Collection[str]:
            self.reports.append(self.store.send(rows))
            if rows[-1]["epoch"] >= until:
                raise PowerCut
            return ()

        def saved(names: Sequence[str]) -> None:
            self.store.send_partial(names)
            self.saved += 1
            if self.saved == within:
                raise PowerCut

        with after_each_step(0.0 if within else 45.0):
            run_trials(
                self.group,
                data,
                Holdout(),
                checkpoints=self.where.checkpoints,
                report=report,
                saved=saved,
                gpu=False,
            )
        self.store.close()
        return [row for rows in self.reports for row in rows]


def numbers(rows: Sequence[Row]) -> list[Row]:
    """Each epoch of each trial once, without the clock's numbers."""
    kept = {(row["trial"], row["epoch"]): row for row in rows}
    return [{k: v for k, v in kept[key].items() if k not in CLOCK} for key in sorted(kept)]
