"""Earlier sweeps of the same task, from which a new one starts: `--from`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.program_trial import AnyTrial
from tune_mc1.config.sweep import Sweep
from tune_mc1.errors import InputError
from tune_mc1.files import as_url
from tune_mc1.planning.past import Past, read_past
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.exchanges import COPIED_FROM
from tune_mc1.results.schema import Row
from tune_mc1.results.store.local_copy import RESULTS_DIR, fetch, remote_named
from tune_mc1.results.written_sweep import written_sweep

SAME_FACTS = ("fingerprint", "validation", "limit_images")
"""Metadata that two sweeps share if their trials can be compared, beside the metric."""


@dataclass(frozen=True)
class Earlier:
    """An earlier sweep.

    Attributes:
        place: Its directory or URL, as the user named it.
        where: Its directory.
        sweep: The sweep.
        past: Its trials and their progress.
    """

    place: str
    where: ResultDir
    sweep: Sweep
    past: Past

    @property
    def name(self) -> str:
        """Name of its directory."""
        return self.where.root.name

    @cached_property
    def trials(self) -> Mapping[str, AnyTrial]:
        """Its trials by id."""
        return {trial.id: trial for trial in self.past.trials}

    def had_one_setting(self, trial: str) -> bool:
        """True if a trial had its settings, and no other trial's weights, in all of its epochs."""
        return self.past.tables.trials[trial].get(COPIED_FROM) is None

    def history(self, trial: str) -> list[Row]:
        """Rows of a trial's epochs, in order."""
        epochs = range(1, self.past.tables.trials[trial]["epochs_run"] + 1)
        rows = (self.past.tables.history.get((trial, epoch)) for epoch in epochs)
        return [row for row in rows if row is not None]

    def misfits(self, sweep: Sweep) -> Iterator[str]:
        """Why its trials say nothing about a new sweep, as far as is known before it starts."""
        facts = self.past.tables.metadata
        kinds = ("program", "module")
        old, new = ([getattr(s, kind, None) for kind in kinds] for s in (self.sweep, sweep))
        if isinstance(self.sweep, ProgramSweep) != isinstance(sweep, ProgramSweep) or old != new:
            yield f"its trials ran {_code(self.sweep)}, those of this sweep run {_code(sweep)}"
            return
        if facts["metric"] != sweep.metric.name or facts["maximize"] != sweep.metric.maximize:
            was = f"{'maximize' if facts['maximize'] else 'minimize'} {facts['metric']}"
            yield f"metric: was {was}, is {sweep.metric.goal} {sweep.metric.name}"
        if not isinstance(sweep, ProgramSweep) and facts["limit_images"] != sweep.limit_images:
            yield f"limit_images: was {facts['limit_images']:g}, is {sweep.limit_images:g}"

    def differs_from(self, facts: Mapping[str, Any]) -> Iterator[str]:
        """Why its trials cannot be compared with those of a sweep whose images are known.

        Args:
            facts: Metadata of that sweep.
        """
        mine, facts = self.past.tables.metadata, json.loads(json.dumps(facts))
        for name in SAME_FACTS:
            if mine.get(name) != facts.get(name):
                yield f"{name}: was {mine.get(name)}, is {facts.get(name)}"


def _code(sweep: Sweep) -> str:
    found = getattr(sweep, "module", None) or getattr(sweep, "program", None)
    if found:
        return str(found)
    return "a command" if isinstance(sweep, ProgramSweep) else "built-in training"


def read_earlier(places: Sequence[str]) -> list[Earlier]:
    """Reads earlier sweeps.

    Args:
        places: Their directories, or URLs in an object store, which are downloaded to `results/`
            without checkpoints.

    Raises:
        InputError: If one cannot be read, or is named twice.
    """
    found: list[Earlier] = []
    for place in places:
        try:
            one = _read(place)
        except InputError as error:
            raise InputError(f"--from: {problem}" for problem in error.problems) from None
        if any(one.where.root == other.where.root for other in found):
            raise InputError(f"--from: {place} is given twice")
        found.append(one)
    return found


def _read(place: str) -> Earlier:
    if url := as_url(place):
        remote = remote_named(url, "--from")
        where = ResultDir(RESULTS_DIR / remote.name)
        fetch(remote, where, checkpoints=False)
    else:
        where = ResultDir(Path(place))
    past = read_past(where)
    text = past.grown[-1]["sweep"] if past.grown else None
    return Earlier(place, where, written_sweep(where, text), past)


def check_images(earlier: Sequence[Earlier], facts: Mapping[str, Any]) -> None:
    """Checks that earlier sweeps had the images of a new one.

    Args:
        earlier: The earlier sweeps.
        facts: Metadata of the new one.

    Raises:
        InputError: If one had other images, or others for validation.
    """
    if problems := [
        f"--from {one.place}: {line}" for one in earlier for line in one.differs_from(facts)
    ]:
        raise InputError(problems)
