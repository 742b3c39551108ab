"""Which trials will go on at the rungs of ASHA, from their settings and from the scores so far.

How many go on follows from the rungs; which of them do decides how long a sweep takes. A ridge
regression on the settings says how the trials that have not come to the first rung will stand there
among the others, and the last score of a trial that runs says how it stands now. What both do not
say is left to chance: a normal distribution about the expected standing.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from math import log
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tune_mc1.results.schema import Row

Numbers = NDArray[np.float64]

FEWEST = 6
"""Number of trials at the first rung from which they say something of the others."""

NOISE = 0.4
"""Standard deviation of a trial's standing from one rung to the next, in that of all standings."""

PENALTIES = (0.3, 1.0, 3.0, 10.0, 30.0)
"""Penalties of the regression, of which the one with the least error is taken, leaving one out."""

OPEN = ("pending", "running", "interrupted")
"""States of trials that may still come to a rung."""

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(15)
NORMAL = NormalDist()


class Standings:
    """How the trials of a sweep stand at its rungs, and how probable it is that they go on.

    Attributes:
        known: Whether enough trials have come to the first rung to say something of the others.

    Args:
        rows: Rows of the trials, of those that wait too.
        scores: Scores by trial and epoch, the higher the better.
        ends: Share of the trials that end at each rung, by its epoch; at least one.
        parameters: Names of the settings in the rows.
    """

    def __init__(
        self,
        rows: Sequence[Row],
        scores: Mapping[tuple[str, int], float],
        ends: Mapping[int, float],
        parameters: Collection[str],
    ) -> None:
        self._rungs = sorted(ends)
        self._ends = ends
        self._scores = scores
        self._rows = rows
        self._place = {row["trial"]: i for i, row in enumerate(rows)}
        self._parameters = parameters
        at_first = [trial for trial in self._place if (trial, self._rungs[0]) in scores]
        self.known = len(at_first) >= FEWEST
        if self.known:
            self._first = dict(zip(at_first, self._normal_scores(at_first), strict=True))

    def share(self, trial: str, rung: int) -> float:
        """Share of the chances that a trial goes on at a rung, if it comes there."""
        return float(self._shares[self._place[trial], self._rungs.index(rung)])

    def _normal_scores(self, trials: Sequence[str]) -> Numbers:
        """Standings at the first rung: ranks as values of a standard normal distribution."""
        values = np.array([self._scores[trial, self._rungs[0]] for trial in trials])
        below = (values[:, None] > values).sum(1) + 0.5 * (values[:, None] == values).sum(1)
        return np.array([NORMAL.inv_cdf(b / len(values)) for b in below])

    def _at(self, epoch: int) -> dict[str, float]:
        """Standings by the scores of an epoch, on the scale of the first rung."""
        there = [t for t in self._first if (t, epoch) in self._scores]
        order = sorted(there, key=lambda trial: self._scores[trial, epoch])
        return dict(zip(order, sorted(self._first[trial] for trial in there), strict=True))

    @cached_property
    def _shares(self) -> Numbers:
        mean, sd = self._expected()
        standing = mean[:, None] + sd[:, None] * NODES
        done = np.array([row["epochs_run"] for row in self._rows])
        open_ = np.array([row["state"] in OPEN for row in self._rows])
        reach = np.where(open_[:, None], WEIGHTS / WEIGHTS.sum(), 0.0)
        shares = np.zeros((len(self._rows), len(self._rungs)))
        for k, rung in enumerate(self._rungs):
            ahead = open_ & (done < rung)
            passes = _above(standing, self._bar(rung, standing, reach * ahead[:, None]))
            before = reach.sum(1)
            reach = np.where(ahead[:, None], reach * passes, reach)
            shares[:, k] = reach.sum(1) / np.maximum(before, 1e-12)
        return shares

    def _bar(self, rung: int, standing: Numbers, reach: Numbers) -> float:
        """The standing above which trials go on at a rung, of those that came and half of the rest.

        The rest counts half, as trials are compared with those that came before them.
        """
        came = np.array(list(self._at(rung).values()))
        coming = reach / 2
        aim = (1 - self._ends[rung]) * (len(came) + coming.sum())
        low, high = -5.0, 5.0
        for _ in range(25):
            middle = (low + high) / 2
            above = _above(came, middle).sum() + (coming * _above(standing, middle)).sum()
            low, high = (middle, high) if above > aim else (low, middle)
        return (low + high) / 2

    def _expected(self) -> tuple[Numbers, Numbers]:
        """Expected standing of each trial, and its standard deviation without the rung's noise."""
        mean, error = self._predicted()
        variance = np.full(len(mean), max(error - NOISE**2, 0.05))
        by_epoch: dict[int, dict[str, float]] = {}
        for i, row in enumerate(self._rows):
            last = row["epochs_run"]
            if last < self._rungs[0] or row["trial"] not in self._first:
                continue
            here = by_epoch.setdefault(last, self._at(last))
            if row["trial"] in here:
                weight = variance[i] / (variance[i] + NOISE**2)
                mean[i] += weight * (here[row["trial"]] - mean[i])
                variance[i] *= 1 - weight
        return mean, np.sqrt(variance)

    def _predicted(self) -> tuple[Numbers, float]:
        """Standings by the settings alone, and their mean squared error, leaving one out."""
        features = _features(self._rows, self._parameters)
        known = [self._place[trial] for trial in self._first]
        x, y = features[known], np.array(list(self._first.values()))
        best: tuple[float, Numbers] = float(y.var()), np.full(len(features), y.mean())
        centre = x.mean(0)
        x, every = x - centre, features - centre
        for penalty in PENALTIES:
            inverse = np.linalg.inv(x.T @ x + penalty * np.eye(x.shape[1]))
            leverage = np.einsum("ij,jk,ik->i", x, inverse, x) + 1 / len(y)
            weights = inverse @ x.T @ (y - y.mean())
            fitted = y.mean() + x @ weights
            error = float(np.mean(((y - fitted) / (1 - np.minimum(leverage, 0.99))) ** 2))
            if error < best[0]:
                best = error, y.mean() + every @ weights
        return best[1].copy(), best[0]


def _above(standing: Numbers, bar: float) -> Numbers:
    """Chance to be above a bar, with the noise of a rung; the logistic form of the normal one."""
    return 1 / (1 + np.exp(-1.702 * (standing - bar) / NOISE))


def _features(rows: Sequence[Row], parameters: Collection[str]) -> Numbers:
    """Settings as numbers: places in their range and the squares of these, or one of each value."""
    columns: list[Numbers] = []
    for name in parameters:
        values: list[Any] = [row.get(name) for row in rows]
        distinct = set(map(repr, values))
        if len(distinct) < 2:
            continue
        if all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
            columns += _of_numbers(np.array(values, float))
        elif len(distinct) <= 12:
            names = np.array(list(map(repr, values)))
            columns += [(names == one).astype(float) for one in sorted(distinct)]
    return np.stack(columns, 1) if columns else np.zeros((len(rows), 0))


def _of_numbers(values: Numbers) -> list[Numbers]:
    """A number's place in its range, from -1 to 1, on a logarithmic scale if that is wide."""
    if values.min() > 0 and log(values.max() / values.min()) > log(8):
        values = np.log(values)
    place = 2 * (values - values.min()) / (values.max() - values.min()) - 1
    return [place, place**2]
