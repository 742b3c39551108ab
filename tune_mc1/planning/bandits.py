"""Decisions of population based bandits, independent of Ray, files and clocks.

Method: Parker-Holder et al. 2020 (Provably Efficient Online Hyperparameter Optimization with
Population-Based Bandits, arXiv 2002.02518). As in population based training, trials of the lowest
quantile go on as ones of the highest; but their settings maximise an upper confidence bound of what
the metric will gain until the next exchange, rather than being moved at random. What the gain
depends on is learnt from all intervals so far: settings, score before, and time.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev
from typing import TYPE_CHECKING, Any, ClassVar

from tune_mc1.config.parameters import Parameter
from tune_mc1.planning.exchanges import Arrival, Exchange, Setting
from tune_mc1.planning.population import Population
from tune_mc1.planning.unit_interval import Bounded, has_bounds, place_of, value_at
from tune_mc1.seeding import derive_seed

if TYPE_CHECKING:
    from tune_mc1.planning.time_varying_process import Array, TimeVaryingProcess

MOST = 256
"""Number of the last intervals that are learnt from."""

DIGITS = 4
"""Digits of a place in [0, 1], so that the last bit of a sum on another processor has no effect."""

EDGE = 10.0**-DIGITS
"""Least distance to a bound, as ranges are open: beside 0, the next number is 5e-324."""

UNKNOWN = 0.5
"""Place of a parameter that does not apply to a trial."""


@dataclass(frozen=True)
class Interval:
    """What a trial gained between two exchanges.

    Attributes:
        trial: Its id.
        round: Number of exchanges before.
        before: Its score at the start; None for the first interval, before which there is none.
        after: Its score at the end; None if it has diverged, or its score is not finite.
        setting: Values of the explored parameters.
    """

    trial: str
    round: int
    before: float | None
    after: float | None
    setting: Setting


class Bandits(Population):
    """A population whose settings are chosen by a model of what they gain.

    Args:
        epochs: Epochs after which trials exchange.
        quantile: Share of the trials that copy, and of those that are copied.
        seed: Seed of all draws.
        parameters: Parameters that are explored, by name, each with bounds.
    """

    learns: ClassVar[bool] = True

    def __init__(
        self,
        epochs: Iterable[int],
        quantile: float,
        seed: int,
        parameters: Mapping[str, Parameter],
    ) -> None:
        super().__init__(epochs, quantile, 0.0, (1.0,), seed, parameters)
        self._bounded: dict[str, Bounded] = {n: p for n, p in parameters.items() if has_bounds(p)}
        self._intervals: list[Interval] = []
        self._before: dict[str, float | None] = {}
        self._round = 0

    def restore(self, decisions: Iterable[Arrival | Exchange]) -> None:
        """Restores decisions, in the order in which they were made."""
        for one in decisions:
            if isinstance(one, Exchange):
                self._intervals += self._ended(one)
                self._before |= {t: self._last[t].score for t in one.trials if t in self._last}
                self._before |= {copy.trial: copy.source_score for copy in one.copies}
                self._round += 1
            super().restore([one])

    def _ended(self, made: Exchange) -> list[Interval]:
        """The intervals that end with an exchange."""
        found = []
        for trial in made.trials:
            last = self._last.get(trial)
            after = None if last is None or last.epoch != made.epoch else last.score
            if (setting := made.settings.get(trial)) is not None:
                before = self._before.get(trial)
                found.append(Interval(trial, self._round, before, after, setting))
        return found

    def settings(
        self, made: Exchange, networks: Mapping[str, Hashable], values: Mapping[str, Setting]
    ) -> dict[str, dict[str, Any]]:
        """Explored values with which the trials go on that copy another one.

        The trials of one exchange are decided one after another, each with those before it, and
        those that go on unchanged, as intervals whose gain is not known yet.
        """
        intervals = [*self._intervals, *self._ended(made)][-MOST:]
        chosen: dict[str, dict[str, Any]] = {}
        for network in dict.fromkeys(networks[copy.trial] for copy in made.copies):
            of_network = {trial for trial, key in networks.items() if key == network}
            known = [one for one in intervals if one.trial in of_network]
            chosen |= self._chosen(made, known, of_network, values)
        return chosen

    def _chosen(
        self,
        made: Exchange,
        known: Sequence[Interval],
        members: set[str],
        values: Mapping[str, Setting],
    ) -> dict[str, dict[str, Any]]:
        """As in `settings`, of one network."""
        import numpy as np

        at, copies = self._round + 1, [c for c in made.copies if c.trial in members]
        process, scale = self._process(known)
        copying = {copy.trial for copy in copies}
        for trial in (t for t in made.trials if t in members - copying):
            if (score := self._last[trial].score) is not None:
                process.expect(self._point(values[trial], scale(score)), at)
        chosen: dict[str, dict[str, Any]] = {}
        for copy in copies:
            setting = values[copy.source]
            fixed = self._point(setting, scale(copy.source_score))
            free = np.array([False, *(name in setting for name in self._bounded)])
            rng = np.random.default_rng(derive_seed(self._seed, "pb2", copy.trial, made.epoch))
            point = process.highest_bound(fixed, free, at, rng).round(DIGITS)
            point[1:] = point[1:].clip(EDGE, 1 - EDGE)
            process.expect(point, at)
            places = dict(zip(self._bounded, point[1:], strict=True))
            chosen[copy.trial] = {
                name: value_at(self._bounded[name], float(places[name])) for name in setting
            }
        return chosen

    def _process(
        self, known: Sequence[Interval]
    ) -> tuple["TimeVaryingProcess", Callable[[float], float]]:
        """The model of intervals, and the place in [0, 1] of a score."""
        import numpy as np

        from tune_mc1.planning.time_varying_process import TimeVaryingProcess

        scores = [s for one in known for s in (one.before, one.after) if s is not None]
        low = min(scores, default=0.0)
        width = (max(scores, default=0.0) - low) or 1.0

        def scale(score: float) -> float:
            return (score - low) / width

        used = [one for of_round in _by_round(known) for one in _gains(of_round)]
        points = [self._point(one.setting, scale(before)) for one, before, _ in used]
        process = TimeVaryingProcess(
            np.array(points).reshape(-1, 1 + len(self._bounded)),
            np.array([float(one.round) for one, *_ in used]),
            np.array([gain for *_, gain in used]),
        )
        return process, scale

    def _point(self, setting: Setting, score: float) -> "Array":
        """A point of the model: the score before, and the places of the explored values."""
        import numpy as np

        places = [
            place_of(one, setting[name]) if name in setting else UNKNOWN
            for name, one in self._bounded.items()
        ]
        return np.array([score, *places])


def _by_round(known: Sequence[Interval]) -> list[list[Interval]]:
    rounds: dict[int, list[Interval]] = {}
    for one in known:
        rounds.setdefault(one.round, []).append(one)
    return list(rounds.values())


def _gains(of_round: Sequence[Interval]) -> list[tuple[Interval, float, float]]:
    """Each interval of a round, the score before it, and what it gained, standardised.

    Scores rise fast at first, so that gains of different rounds would say more about the time than
    about settings. Before the first exchange there is no score, so the worst one after it stands
    for it. A trial that has diverged counts as one that gained as little as any.
    """
    after = [one.after for one in of_round if one.after is not None]
    if not after:
        return []
    before = [min(after) if one.before is None else one.before for one in of_round]
    gains = [
        None if one.after is None else one.after - start
        for one, start in zip(of_round, before, strict=True)
    ]
    known = [gain for gain in gains if gain is not None]
    mean, spread = fmean(known), pstdev(known) or 1.0
    standard = [((min(known) if gain is None else gain) - mean) / spread for gain in gains]
    return list(zip(of_round, before, standard, strict=True))
