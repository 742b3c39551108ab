"""How likely a trial is to go on at a rung: from its setting, or from its scores so far.

On the average as many go on as the scheduler's factor says, but what is left of a sweep is few
trials, and their settings are known: those like the ones that were stopped will be stopped. The
scores at the rung are predicted by a ridge regression on the settings, as far as that predicts
scores that it has not seen; without any such skill the factor alone counts.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from tune_mc1.results.schema import Row
from tune_mc1.results.tables import SweepTables

if TYPE_CHECKING:
    import numpy as np

    Matrix = np.ndarray[Any, np.dtype[np.float64]]

FEWEST = 8
"""Number of scores at a rung from which on they are regressed on settings."""

MOST = 400
"""Number of scores, the last ones, that are used."""

PENALTIES = (1.0, 3.0, 10.0, 30.0, 100.0)
"""Penalties of the ridge regression, of which the one that predicts best is taken."""

APART = ("seed", "device", "epochs")
"""Parameters that are not regressed on."""

MOST_VALUES = 12
"""Number of values of a parameter without order beyond which it is left out."""

WIDE = 10.0
"""Ratio of the ends of a parameter from which on its logarithm counts."""

DRIFT = 0.6
"""Standard deviation of a trial's rank at the next rung, given its present one, as normal scores."""

NORMAL = NormalDist()


@dataclass
class Chances:
    """The chances of trials to go on, by rung.

    Args:
        tables: The sweep's tables.
        rows: Rows of its trials.
        stops: Share of trials that the scheduler is expected to stop, by epoch of the rung.
        settings: The settings of trials as numbers, kept from one estimate to the next.
    """

    tables: SweepTables
    rows: Sequence[Row]
    stops: Mapping[int, float]
    settings: "Settings"
    _by_setting: dict[int, dict[str, float]] = field(default_factory=dict)
    _there: dict[int, list[str]] = field(default_factory=dict)
    _known: dict[tuple[int, int], list[float]] = field(default_factory=dict)

    def goes_on(self, row: Row, rung: int) -> float:
        """Chance that a trial goes on at a rung that it has not reached, if it reaches it.

        Args:
            row: The trial's row.
            rung: Epoch of the rung, one of `stops`.
        """
        done = row["epochs_run"] or 0
        if done and min(r for r in self.stops if r > done) == rung:
            return self._by_scores(row, done, rung)
        if rung not in self._by_setting:
            self._by_setting[rung] = self._predicted(rung)
        return self._by_setting[rung].get(row["trial"], 1 - self.stops[rung])

    def _score(self, trial: str, epoch: int) -> float | None:
        value = (self.tables.history.get((trial, epoch)) or {}).get(self.tables.metric)
        if not isinstance(value, int | float) or value != value:
            return None
        return value if self.tables.maximize else -value

    def _arrived(self, rung: int) -> list[str]:
        """Trials with a score at a rung, the last ones."""
        if rung not in self._there:
            there = [r["trial"] for r in self.rows if (r["epochs_run"] or 0) >= rung]
            scored = [trial for trial in there if self._score(trial, rung) is not None]
            self._there[rung] = scored[-MOST:]
        return self._there[rung]

    def _scores_at(self, epoch: int, rung: int) -> list[float]:
        """Scores at an epoch of the trials that have come to a rung, ascending."""
        if (epoch, rung) not in self._known:
            found = (self._score(trial, epoch) for trial in self._arrived(rung))
            self._known[epoch, rung] = sorted(score for score in found if score is not None)
        return self._known[epoch, rung]

    def _by_scores(self, row: Row, done: int, rung: int) -> float:
        """By the rank of the last score among what those had that have come to the rung."""
        stops, own = self.stops[rung], self._score(row["trial"], done)
        known = self._scores_at(done, rung)
        if own is None or not known or not 0 < stops < 1:
            return 1 - stops
        below = (bisect_left(known, own) + bisect_right(known, own)) / 2
        rank = NORMAL.inv_cdf((below + 0.5) / (len(known) + 1))
        found = NORMAL.cdf((rank - NORMAL.inv_cdf(stops)) / DRIFT)
        return (len(known) * found + 3 * (1 - stops)) / (len(known) + 3)

    def _predicted(self, rung: int) -> dict[str, float]:
        """Chances of the trials that have not begun."""
        seen, stops = self._arrived(rung), self.stops[rung]
        waiting = [row["trial"] for row in self.rows if not row["epochs_run"]]
        if len(seen) < FEWEST or not waiting or not 0 < stops < 1:
            return {}
        import numpy as np

        scores = np.array([self._score(trial, rung) for trial in seen], dtype=float)
        order = scores.argsort().argsort()
        ranks = np.array([NORMAL.inv_cdf((place + 0.5) / len(seen)) for place in order])
        fit = _ridge(self.settings.of(seen), ranks)
        if fit is None:
            return {}
        weights, error = fit
        found = self.settings.of(waiting) @ weights
        cut = NORMAL.inv_cdf(stops)
        return {t: NORMAL.cdf((mean - cut) / error) for t, mean in zip(waiting, found, strict=True)}


def _ridge(x: "Matrix", y: "Matrix") -> "tuple[Matrix, float] | None":
    """Weights, and the error of predictions of what was not seen; None if that is no better."""
    import numpy as np

    best: tuple[Matrix, float] | None = None
    for penalty in PENALTIES:
        inverse = np.linalg.inv(x.T @ x + penalty * np.eye(x.shape[1]))
        weights = inverse @ x.T @ y
        leverage = np.einsum("ij,jk,ik->i", x, inverse, x)
        error = float(np.sqrt(np.mean(((y - x @ weights) / (1 - leverage)) ** 2)))
        if best is None or error < best[1]:
            best = weights, error
    assert best is not None
    return best if best[1] < 0.95 * float(y.std()) else None


class Settings:
    """Settings as rows of numbers: each parameter that varies, scaled, or a column a value."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._matrix: Matrix | None = None

    def know(self, tables: SweepTables, rows: Sequence[Row]) -> None:
        """Brings them up to date, if there are more trials.

        Args:
            tables: The sweep's tables.
            rows: Rows of all trials.
        """
        if len(self._places) == len(rows):
            return
        import numpy as np

        self._places = {row["trial"]: place for place, row in enumerate(rows)}
        names = [name for name in tables.columns.parameters if name not in APART]
        columns = [one for name in names for one in _numbers([row[name] for row in rows])]
        self._matrix = np.array(columns).T if columns else np.zeros((len(rows), 1))

    def of(self, trials: Sequence[str]) -> "Matrix":
        """The settings of some trials, one a row."""
        assert self._matrix is not None
        return self._matrix[[self._places[trial] for trial in trials]]


def _numbers(values: Sequence[Any]) -> "list[Matrix]":
    """Columns of a parameter; none if it does not vary."""
    import numpy as np

    distinct = set(map(str, values))
    if len(distinct) < 2:
        return []
    if all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
        x = np.array(values, dtype=float)
        if x.min() > 0 and x.max() / x.min() >= WIDE:
            x = np.log(x)
        x = (x - x.mean()) / x.std()
        return [x, x**2 - 1]
    if len(distinct) > MOST_VALUES:
        return []
    of_value = [np.array([str(v) == one for v in values], dtype=float) for one in sorted(distinct)]
    return [column - column.mean() for column in of_value]
