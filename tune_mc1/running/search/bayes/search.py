"""Bayesian search: Optuna's samplers, by ask and tell."""

import math
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from optuna.trial import FrozenTrial

from tune_mc1.config.sampler import Sampler
from tune_mc1.config.search import AskTell, Evidence, SpaceUsedUp
from tune_mc1.config.sweep import Sweep
from tune_mc1.errors import InputError
from tune_mc1.planning.draws import draw
from tune_mc1.planning.search_space import MAX_TRIALS
from tune_mc1.running.search.bayes.coding import Coding, UnknownValueError
from tune_mc1.running.search.bayes.history import (
    Observation,
    Seen,
    Use,
    fewer,
    highest_level,
    observed,
)
from tune_mc1.running.search.bayes.limits import Limits
from tune_mc1.running.search.bayes.optuna_samplers import frozen, make_sampler, suggest
from tune_mc1.seeding import derive_seed

ATTEMPTS = 20
"""Attempts to suggest a setting that is permitted and was not suggested before."""

GP_TRIALS = 200
"""Ended trials that a Gaussian process learns from; its cost grows with the cube of that."""

DRAWS = 1_000
"""Random settings that are tried after that."""


class BayesSearch(AskTell):
    """Suggestions of Optuna's samplers.

    Each depends on `search_seed`, its number and what happened before, and on nothing else. With
    `early_terminate`, the model learns from unfinished trials too (`values_at_level`).

    Args:
        sweep: The sweep.

    Raises:
        InputError: If the sampler's package is not installed.
    """

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep
        self._sampler = sweep.sampler or Sampler()
        if self._sampler.type == "cmaes" and find_spec("cmaes") is None:
            raise InputError("sampler: cmaes needs a package: pip install 'tune_mc1[bayes]'")
        self._coding, self._space = Coding(sweep), sweep.space
        self._objectives = sweep.objectives
        self._directions = [objective.goal for objective in self._objectives]
        self._again = sweep.repeats
        self._evidence: list[Seen] = []
        self._trials: dict[str, Seen] = {}
        self._settings: set[Hashable] = set()
        self._limits = Limits(sweep)
        self._levels = _levels(sweep)
        self._reached: Counter[int] = Counter()
        self._frozen: dict[int, tuple[Seen, Any, FrozenTrial]] = {}

    def learn(self, evidence: Evidence) -> None:
        """Takes in a trial of an earlier sweep, unless this sweep cannot have its setting."""
        seen = self._seen(evidence.setting)
        seen.curve.update(evidence.values)
        seen.state = "stopped" if self._levels else "completed"
        seen.values = self._values(evidence.value, evidence.metrics)
        known = self._limits.before(evidence.setting)
        seen.violations = self._limits.all_of(known, evidence.metrics)
        if seen.fits:
            self._evidence.append(seen)
            self._reached.update(seen.curve.keys())
            if evidence.whole:
                self._settings.add(_key(seen))

    @property
    def independent(self) -> int:
        """Number of random settings that come before the model is used."""
        return max(0, self._sampler.startup - len(self._evidence) - len(self._trials))

    def ask(self, trial: str) -> Mapping[str, Any]:
        """The next suggestion: another one than before, unless it is a program's.

        Raises:
            SpaceUsedUp: If all settings were suggested.
        """
        number, observations = len(self._trials), self._observations()
        ended = sum(one.use is not Use.PENDING for one in observations)
        model = ended >= self._sampler.startup and bool(self._coding.space)
        notes: Mapping[str, Any] = {}
        for attempt in range(ATTEMPTS):
            if model:
                path = (number, attempt) if attempt else (number,)
                setting, notes = self._suggest(observations, path)
            else:
                setting = draw(self._sweep, self._space, number + attempt * MAX_TRIALS)
            over = self._limits.before(setting)
            if max(over.values(), default=0) > 0:
                observations = [*observations, self._forbidden(setting, over, observations)]
            elif self._is_new(setting):
                return self._add(trial, setting, notes)
        return self._add(trial, self._other(number), {})

    def _is_new(self, setting: Mapping[str, Any]) -> bool:
        """Whether a trial with this setting could give other numbers than those before."""
        return self._again or _key(self._seen(setting)) not in self._settings

    def _forbidden(
        self,
        setting: Mapping[str, Any],
        over: Mapping[str, float],
        observations: Sequence[Observation],
    ) -> Observation:
        """A setting that violates a constraint, as the model of this suggestion sees it."""
        seen = self._seen(setting)
        seen.violations = self._limits.all_of(over, {})
        values = next((one.values for one in observations if one.values), (0.0,))
        return Observation(seen, Use.SCORED, values)

    def _suggest(
        self, observations: Sequence[Observation], path: Sequence[int]
    ) -> tuple[dict[str, Any], Mapping[str, Any]]:
        """A setting and the sampler's notes."""
        seed = derive_seed(self._sweep.search_seed, "bayes", *path)
        sampler = make_sampler(
            self._sampler,
            seed,
            conditional=self._coding.conditional,
            multivariate=len(self._objectives) == 1,
        )
        known, space = self._known(observations), self._coding.space
        codes, notes = suggest(known, space, self._directions, sampler)
        kept = notes if self._sampler.type in ("cmaes", "nsgaii") else {}
        return self._coding.decode(codes), kept

    def _other(self, number: int) -> dict[str, Any]:
        """A random setting that is permitted and was not suggested.

        Raises:
            SpaceUsedUp: If none is found.
        """
        listed = self._coding.all_settings()
        for attempt in range(len(listed) or DRAWS):
            if listed:
                seed = derive_seed(self._sweep.search_seed, "other", number, attempt)
                setting = listed.pop(seed % len(listed))
            else:
                setting = draw(self._sweep, self._space, number + (ATTEMPTS + attempt) * MAX_TRIALS)
            if self._is_new(setting) and max(self._limits.before(setting).values(), default=0) <= 0:
                return setting
        raise SpaceUsedUp

    def _add(
        self, trial: str, setting: Mapping[str, Any], notes: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        seen = self._seen(setting)
        seen.notes = notes
        seen.violations = self._limits.all_of(self._limits.before(setting), {})
        self._trials[trial] = seen
        self._settings.add(_key(seen))
        return setting

    def _seen(self, setting: Mapping[str, Any]) -> Seen:
        try:
            codes = self._coding.encode(setting)
            if self._coding.conditional and self._sampler.type != "tpe":
                codes = self._coding.filled(codes)
            return Seen(codes)
        except UnknownValueError:
            return Seen({}, fits=False)

    def asked(self, trial: str, setting: Mapping[str, Any]) -> None:
        """Takes in a setting as it was, whoever suggested it.

        Samplers that keep notes are asked again, for the same notes.
        """
        own = self._coding.own(setting)
        notes: Mapping[str, Any] = {}
        if self._sampler.type in ("cmaes", "nsgaii"):
            self.ask(trial)
            if self._trials[trial].codes == self._seen(own).codes:
                notes = self._trials[trial].notes
        self._add(trial, own, notes)

    def report(self, trial: str, epoch: int, value: float | None) -> None:
        """Takes in a trial's value after an epoch."""
        if value is None or not math.isfinite(value):
            return
        curve = self._trials[trial].curve
        self._reached[epoch] += epoch not in curve
        curve[epoch] = value

    def ended(self, trial: str, state: str, metrics: Mapping[str, float | None]) -> None:
        """Takes in how a trial ended."""
        seen = self._trials[trial]
        seen.state, seen.metrics = state, metrics
        seen.violations = self._limits.all_of(seen.violations, metrics)

    def tell(self, trial: str, value: float | None) -> None:
        """Takes in the final value of a trial."""
        seen = self._trials[trial]
        seen.state = seen.state or "completed"
        seen.values = self._values(value, seen.metrics)

    def _values(
        self, value: float | None, metrics: Mapping[str, float | None]
    ) -> tuple[float, ...]:
        """Values of the objectives; empty if one is missing."""
        values = [value, *(metrics.get(one.name) for one in self._objectives[1:])]
        finite = [v for v in values if v is not None and math.isfinite(v)]
        return tuple(finite) if len(finite) == len(values) else ()

    def _observations(self) -> list[Observation]:
        trials = [seen for seen in (*self._evidence, *self._trials.values()) if seen.fits]
        kind, maximize = self._sampler.type, self._sweep.metric.maximize
        enough = len(self._coding.space) + 3
        level = highest_level(self._reached, self._levels, enough) if self._levels else None
        several = len(self._objectives) > 1
        complete = kind in ("gp", "cmaes")
        found = observed(trials, level, several=several, complete=complete, maximize=maximize)
        return fewer(found, GP_TRIALS, maximize) if kind == "gp" else found

    def _known(self, observations: Sequence[Observation]) -> list[FrozenTrial]:
        """Optuna's trials; those that did not change since the last call are used again."""
        known = []
        for number, one in enumerate(observations, 1):
            facts = (one.use, one.values, one.epoch, tuple(one.seen.violations.values()))
            before = self._frozen.get(number)
            if before is None or before[0] is not one.seen or before[1] != facts:
                made = frozen(number, one, self._coding.space)
                before = self._frozen[number] = one.seen, facts, made
            known.append(before[2])
        return known


def _key(seen: Seen) -> Hashable:
    return tuple(sorted(seen.codes.items()))


def _levels(sweep: Sweep) -> Sequence[int]:
    """Epochs at which unfinished trials are compared; empty if none is stopped early."""
    early = sweep.early_terminate
    if early is None:
        return ()
    rows = early.dry_run_rows(sweep.run_cap or 1, sweep.longest_epochs)
    epochs = {row["epoch"] for row in rows if row["epoch"] >= early.compared_from}
    return sorted(epochs) or range(1, sweep.longest_epochs + 1)
