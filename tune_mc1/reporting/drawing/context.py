"""A sweep as figures see it: scores, curves, images, statistics, and the words of a language."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tune_mc1.config.field_types import Lang
from tune_mc1.config.labels import label
from tune_mc1.config.metrics import possible_range
from tune_mc1.config.validation import Folds
from tune_mc1.data.images import ImageData
from tune_mc1.reporting.drawing.foot import Foot, foot_of_sweep
from tune_mc1.reporting.frames import RankedSettings, SweepFrames, ranked_settings
from tune_mc1.reporting.words.catalogue import Catalogue, Say, capital, speaker
from tune_mc1.reporting.words.figure_words import OF_PROGRAMS, SHARED
from tune_mc1.reporting.words.iteration_words import in_iterations
from tune_mc1.results.summary import ANY

if TYPE_CHECKING:  # takes seconds to import
    from tune_mc1.reporting.statistics.sweep_statistics import SweepStatistics

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Context:
    """A sweep and a language.

    Attributes:
        frames: The sweep.
        lang: Language of all words.
        images: Images of a data set, which need not be the sweep's (`own_images`); None if there
            are none available.
        statistics: The sweep's statistics; None if they were not computed.
        words: Texts of the figure that is built.
    """

    frames: SweepFrames
    lang: Lang
    images: ImageData | None = None
    statistics: "SweepStatistics | None" = None
    words: Catalogue = field(default_factory=dict)

    def with_words(self, words: Catalogue) -> "Context":
        """The same sweep with the texts of a figure."""
        return replace(self, words=words)

    @cached_property
    def t(self) -> Say:
        """Gives the text of a key, from `words` or else from those that figures share."""
        words = {**SHARED, **self.words}
        if self.of_program:
            words = {**in_iterations(words), **OF_PROGRAMS}
        return speaker(words, self.lang)

    @property
    def of_program(self) -> bool:
        """Whether the trials are runs of a program."""
        return self.frames.of_program

    def label(self, name: str) -> str:
        """The label of a parameter or metric; its own name if it has none, as in programs."""
        own = self.frames.own_name(name)
        return own if self.of_program else label(own, self.lang)

    def heading(self, name: str) -> str:
        """The label of a parameter or metric for an axis or a title."""
        return self.label(name) if self.of_program else capital(self.label(name))

    @property
    def metric(self) -> str:
        """The label of the sweep's metric."""
        return self.label(self.frames.metric)

    @property
    def metric_heading(self) -> str:
        """The label of the sweep's metric for an axis."""
        return self.heading(self.frames.metric)

    def sentence(self, text: str) -> str:
        """A text with its first letter in upper case, unless that belongs to a program's name."""
        return text if self.of_program and text.startswith(self.metric) else capital(text)

    @property
    def maximize(self) -> bool:
        """Whether a higher metric is better."""
        return self.frames.sweep.metric.maximize

    @cached_property
    def scores(self) -> "pd.Series[float]":
        """Each trial's best value of the sweep's metric; nan without one. Index as `trials`."""
        if not self.frames.metric:
            return pd.Series(np.nan, self.frames.trials.index, dtype=float)
        return finite(self.frames.trials[f"best_{self.frames.metric}"])

    @property
    def values(self) -> Matrix:
        """`scores` as an array."""
        return self.scores.to_numpy().astype(np.float64)

    @property
    def has_scores(self) -> bool:
        """Whether any trial has a value of the sweep's metric after any epoch."""
        return bool(np.isfinite(self.score_curves).any())

    @property
    def single_batch(self) -> bool:
        """Whether every trial trains on a few batches only, to see if they can be learned."""
        if self.of_program:
            return False
        batches = self.frames.trials["overfit_batches"]
        return bool(len(batches) and (batches > 0).all())

    @cached_property
    def hashes(self) -> NDArray[np.int64]:
        """A number for the setting of each trial, in the order in which settings occur."""
        codes, _ = pd.factorize(self.frames.trials["config_hash"])
        return codes.astype(np.int64)

    @cached_property
    def ranked(self) -> RankedSettings:
        """The settings by their scores, best first."""
        return ranked_settings(self.frames, self.scores)

    @cached_property
    def winner(self) -> NDArray[np.bool_] | None:
        """Trials of the best setting (`tune_mc1.results.settings.winners`); None without any."""
        there = self.scores.dropna()
        if there.empty:
            return None
        hashes = self.frames.trials["config_hash"]
        best = next(iter(self.ranked.runs))
        return np.asarray((hashes == best) & self.scores.notna())

    @cached_property
    def replicated(self) -> bool:
        """Whether a setting has several trials: replicates or folds."""
        return bool(self.frames.trials["config_hash"].duplicated().any())

    @cached_property
    def runs(self) -> NDArray[np.int64]:
        """A number for the setting, seed and fold of each trial; repeats share it."""
        trials = self.frames.trials
        keys = ["config_hash", *(n for n in ("seed", "fold") if n in trials)]
        if self.of_program and "seed" not in trials:
            keys.append("trial")
        numbers = trials.groupby(keys, dropna=False, sort=False).ngroup()
        return np.asarray(numbers, dtype=np.int64)

    @property
    def limits(self) -> tuple[float, float]:
        """`limits_of` the sweep's metric."""
        return self.limits_of(self.frames.metric)

    def limits_of(self, metric: str) -> tuple[float, float]:
        """Least and greatest possible value of a metric; infinite where there is none known."""
        return ANY if self.of_program else possible_range(metric)

    @property
    def folds(self) -> bool:
        """Whether the runs of a setting are folds."""
        return isinstance(self.frames.sweep.validation, Folds)

    @property
    def stopped(self) -> bool:
        """Whether any trial was stopped early."""
        return bool((self.frames.trials["state"] == "stopped").any())

    @property
    def own_images(self) -> ImageData | None:
        """The images if they are the sweep's."""
        fingerprint = self.frames.facts.get("fingerprint")
        own = self.images is not None and self.images.fingerprint == fingerprint
        return self.images if own else None

    @cached_property
    def _places(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        history = self.frames.history
        rows = pd.Index(self.frames.trials["trial"]).get_indexer(pd.Index(history["trial"]))
        return rows, history["epoch"].to_numpy(dtype=np.intp) - 1

    def curves(self, metric: str) -> Matrix:
        """A metric as (trials, epochs); nan where there is no finite value."""
        rows, epochs = self._places
        matrix = np.full((len(self.frames.trials), int(epochs.max(initial=0)) + 1), np.nan)
        if metric in self.frames.history:
            matrix[rows, epochs] = finite(self.frames.history[metric]).to_numpy()
        return matrix

    @cached_property
    def score_curves(self) -> Matrix:
        """`curves` of the sweep's metric."""
        return self.curves(self.frames.metric)

    @cached_property
    def foot(self) -> Foot:
        """The lines at the foot of every figure."""
        return foot_of_sweep(self.frames, self.t)


def finite(column: "pd.Series[Any]") -> "pd.Series[float]":
    """A column as numbers, with nan for all that is not a finite one."""
    numbers = pd.to_numeric(column, errors="coerce").astype(float)
    return numbers.where(np.isfinite(numbers))
