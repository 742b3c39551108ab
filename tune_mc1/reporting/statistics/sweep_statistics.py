"""All statistics of one sweep, each computed once."""

from collections.abc import Sequence

from tune_mc1.reporting.frames import SweepFrames
from tune_mc1.reporting.statistics.best import BestSet, not_worse_than_best
from tune_mc1.reporting.statistics.effects import Marginal, marginal_means
from tune_mc1.reporting.statistics.importance import Importances, importance
from tune_mc1.reporting.statistics.pairwise import SweepTests, sweep_tests
from tune_mc1.reporting.statistics.reference_table import ReferenceRow, reference_table


class SweepStatistics:
    """The statistics of one sweep.

    Args:
        frames: The sweep.

    Attributes:
        frames: The sweep.
        marginals: Marginal means of each parameter that varies.
        importance: Importance of each parameter.
        tests: Comparisons of every two values of every parameter.
        best: The settings that are not worse than the best.
        reference: Published outcomes beside ours.
    """

    def __init__(self, frames: SweepFrames) -> None:
        self.frames = frames
        self.marginals: Sequence[Marginal] = [marginal_means(frames, n) for n in frames.varied]
        self.importance: Importances = importance(frames)
        self.tests: SweepTests = sweep_tests(frames)
        self.best: BestSet = not_worse_than_best(frames)
        self.reference: Sequence[ReferenceRow] = reference_table(frames)
