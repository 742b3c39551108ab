"""What all figures of a sweep need of it: its scores, its curves, and the lines at their foot."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tune_mc1.config.validation import Folds
from tune_mc1.reporting.figures.style import short
from tune_mc1.reporting.frames import SweepFrames
from tune_mc1.reporting.words.figure_texts import Say, capital, count, speaker
from tune_mc1.reporting.words.page_texts import Lang
from tune_mc1.results.schema import ENDED

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Foot:
    """The lines below a figure.

    Attributes:
        notes: Data set, trials, settings and runs of each.
        warnings: What limits its conclusions; they stand out.
    """

    notes: tuple[str, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Context:
    """A sweep and a language.

    Attributes:
        frames: The sweep.
        lang: Language of all words.
    """

    frames: SweepFrames
    lang: Lang

    @cached_property
    def t(self) -> Say:
        """Words a key."""
        return speaker(self.lang)

    @property
    def metric(self) -> str:
        """The sweep's metric in words."""
        return self.t(self.frames.metric)

    @property
    def maximize(self) -> bool:
        """Whether a higher metric is better."""
        return self.frames.sweep.metric.goal == "maximize"

    @cached_property
    def scores(self) -> "pd.Series[float]":
        """Each trial's best value of the sweep's metric; nan without one. Index as `trials`."""
        return finite(self.frames.trials[f"best_{self.frames.metric}"])

    @property
    def values(self) -> Matrix:
        """`scores` as an array."""
        return self.scores.to_numpy().astype(np.float64)

    @cached_property
    def hashes(self) -> NDArray[np.int64]:
        """A number for the setting of each trial, in the order in which settings occur."""
        codes, _ = pd.factorize(self.frames.trials["config_hash"])
        return codes.astype(np.int64)

    @cached_property
    def winner(self) -> NDArray[np.bool_] | None:
        """Trials of the best setting (`tune_mc1.results.settings.winners`); None without any."""
        means = self.scores.groupby(self.hashes).mean().dropna()
        if means.empty:
            return None
        best = means.idxmax() if self.maximize else means.idxmin()
        return np.asarray((self.hashes == best) & self.scores.notna())

    @cached_property
    def replicated(self) -> bool:
        """Whether a setting has several trials: replicates or folds."""
        return bool(self.frames.trials["config_hash"].duplicated().any())

    @property
    def folds(self) -> bool:
        """Whether the runs of a setting are folds."""
        return isinstance(self.frames.sweep.validation, Folds)

    @cached_property
    def _places(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        history = self.frames.history
        rows = pd.Index(self.frames.trials["trial"]).get_indexer(pd.Index(history["trial"]))
        return rows, history["epoch"].to_numpy(dtype=np.intp) - 1

    def curves(self, metric: str) -> Matrix:
        """A metric as (trials, epochs); nan where there is no finite value."""
        rows, epochs = self._places
        matrix = np.full((len(self.frames.trials), int(epochs.max(initial=0)) + 1), np.nan)
        matrix[rows, epochs] = finite(self.frames.history[metric]).to_numpy()
        return matrix

    @cached_property
    def score_curves(self) -> Matrix:
        """`curves` of the sweep's metric."""
        return self.curves(self.frames.metric)

    @cached_property
    def foot(self) -> Foot:
        """The lines at the foot of every figure."""
        frames, t = self.frames, self.t
        trials = frames.trials
        notes = [data_note(frames, t), *_counts(self)]
        states = trials["state"].value_counts()
        for state in ("stopped", "diverged", "failed"):
            if n := int(states.get(state, 0)):
                notes.append(t(f"state_{state}", n=n))
        notes += scale_notes(frames, t)
        warnings = []
        if frames.sweep.validation == "test":
            warnings.append(t("warn_test"))
        if not frames.finished:
            ended = int(trials["state"].isin(list(ENDED)).sum())
            warnings.append(t("warn_unfinished", n=ended, total=len(trials)))
        return Foot(tuple(notes), tuple(warnings))


def _counts(context: Context) -> list[str]:
    """How many trials, settings, and runs of each."""
    trials, t = context.frames.trials, context.t
    runs = trials["config_hash"].value_counts()
    notes = [count(t, "trial", len(trials))]
    if runs.empty:
        return notes
    if len(runs) > 1 or context.replicated:
        notes.append(count(t, "setting", len(runs)))
    low, high = int(runs.min()), int(runs.max())
    if context.folds:
        folds = context.frames.sweep.validation
        notes.append(t("fold_n", n=folds.folds if isinstance(folds, Folds) else 0))
        high = max(high // max(trials["fold"].nunique(), 1), 1)
        return notes if high == 1 else [*notes, t("run_n", n=high)]
    one = t("run_1") if high == 1 else t("run_n", n=high)
    return [*notes, one if low == high else t("run_range", low=low, high=high)]


def data_note(frames: SweepFrames, t: Say) -> str:
    """The data set and the first eight digits of its fingerprint."""
    name = short(str(frames.facts.get("data") or "?"))
    print_ = str(frames.facts.get("fingerprint") or "?")[:8]
    return t("data", data=name, fingerprint=print_)


def scale_notes(frames: SweepFrames, t: Say) -> list[str]:
    """What was left out of the images or of the study's work."""
    notes = []
    if frames.sweep.limit_images < 1:
        notes.append(t("scaled_images", part=100 * frames.sweep.limit_images))
    if frames.sweep.scale < 1:
        notes.append(t("scaled_work", part=100 * frames.sweep.scale))
    return notes


def finite(column: "pd.Series[Any]") -> "pd.Series[float]":
    """A column as numbers, with nan for all that is not a finite one."""
    numbers = pd.to_numeric(column, errors="coerce").astype(float)
    return numbers.where(np.isfinite(numbers))


def name_of(parameter: str, t: Say) -> str:
    """A parameter in words, for an axis or a title."""
    return capital(t(parameter))
