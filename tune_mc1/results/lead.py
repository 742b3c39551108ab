"""How sure the lead of the best setting is: its standard error, the runner-up, and ties."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from tune_mc1.config.metrics import split_metric
from tune_mc1.results.ranking import Rank
from tune_mc1.results.settings import Run, Setting
from tune_mc1.results.summary import FEWEST
from tune_mc1.results.tables import SweepTables

ALPHA = 0.05
PROPORTIONS = ("val_acc", "val_acc_top5")
"""Metrics that are shares of the validation images."""

Basis = Literal["seeds", "folds", "repeats", "images", ""]


@dataclass(frozen=True)
class Lead:
    """How sure the lead of the best setting is.

    Attributes:
        settings: Number of settings among which it was chosen.
        images: Number of images that score a setting; None if it is not known.
        error: Standard error of the best setting's score that comes from these images; None if it
            is not known (`share` tells why).
        share: Whether the metric is a share of the images.
        gap: Mean of the best setting less that of the next, at least 0 whichever is better; None if
            there is no other.
        tied: Places, from 1, of the settings that cannot be told apart from the best.
        basis: What the tests of most settings rest on; empty if none could be tested.
        set_aside: Number of settings with a score that rank after these and are not compared, as
            all their trials diverged or failed.
        untested: Number of other settings that could not be tested, of which nothing is said.
    """

    settings: int
    images: int | None = None
    error: float | None = None
    share: bool = False
    gap: float | None = None
    tied: tuple[int, ...] = ()
    basis: Basis = ""
    set_aside: int = 0
    untested: int = 0


def lead_of(tables: SweepTables, settings: Sequence[Setting]) -> Lead:
    """How sure the lead of a sweep's best setting is.

    Args:
        tables: Tables of the sweep.
        settings: Its settings, best first (`settings_of`).
    """
    scored = [(setting.runs, setting.broken) for setting in settings if setting.runs]
    facts, metric = tables.metadata, tables.metric
    return lead(scored, facts, metric, maximize=tables.maximize, rank=tables.rank)


def lead(
    settings: Sequence[tuple[Mapping[Run, float], bool]],
    facts: Mapping[str, Any],
    metric: str,
    *,
    maximize: bool,
    rank: Rank,
) -> Lead:
    """How sure the lead of the first setting is, among those that are ranked by score with it.

    Args:
        settings: The score of each run of each setting that has one, and whether all its trials
            diverged or failed, the best setting first.
        facts: Metadata of the sweep.
        metric: Its metric.
        maximize: Whether a higher metric is better.
        rank: How they are ranked.
    """
    runs = [own for own, broken in settings if rank == "score" or broken == settings[0][1]]
    found = _lead(runs, facts, metric, maximize=maximize)
    return replace(found, set_aside=len(settings) - len(runs))


def _lead(
    runs: Sequence[Mapping[Run, float]], facts: Mapping[str, Any], metric: str, *, maximize: bool
) -> Lead:
    """How sure the lead of the first setting is.

    The standard error is that of a binomial share of the images. All runs of a setting are scored
    on the same images, so that their number does not lower it.

    A setting is tied with the best if a one-sided test, corrected after Holm (1979) over all
    settings, does not show that it is worse (p >= 0.05). Settings that ran with two seeds or folds
    or more in common are compared in pairs (t-test; of folds corrected after Nadeau and Bengio
    2003), those of a program without seeds by three repeats each, unpaired (Welch 1947). Others are
    compared by the images: two shares, unpaired, as the predictions of each image are not kept;
    since both saw the same images, that is cautious. The best was chosen by the same scores, which
    makes its lead look larger than it is (Cawley and Talbot, JMLR 11, 2010).

    Args:
        runs: The score of each run of each setting, the best setting first.
        facts: Metadata of the sweep.
        metric: Its metric.
        maximize: Whether a higher metric is better.
    """
    if not runs:
        return Lead(0)
    means = [statistics.fmean(each.values()) for each in runs]
    images = validation_images(facts) if metric.startswith("val_") else None
    share = "program" not in facts and metric in PROPORTIONS and _is_share(metric)
    error = math.sqrt(means[0] * (1 - means[0]) / images) if share and images else None
    if len(runs) == 1:
        return Lead(1, images, error, share)
    sign = 1 if maximize else -1
    folds = _folds(facts)
    compare = _paired if _seeded(runs) else _by_repeats
    tests = [compare(runs[0], each, sign, folds) for each in runs[1:]]
    paired = sum(p is not None for p in tests)
    if share and images:
        by_image = (_unpaired(means[0], mean, images) for mean in means[1:])
        tests = [q if p is None else p for p, q in zip(tests, by_image, strict=True)]
    basis: Basis = "folds" if folds else "seeds" if _seeded(runs) else "repeats"
    if 2 * paired < len(tests):
        basis = "images" if error is not None else basis if paired else ""
    corrected = _holm(tests)
    tied = tuple(i for i, p in enumerate(corrected, 2) if p is not None and p >= ALPHA)
    gap = sign * (means[0] - means[1])
    found = Lead(len(runs), images, error, share, gap, tied, basis)
    return replace(found, untested=sum(p is None for p in tests))


def validation_images(facts: Mapping[str, Any]) -> int | None:
    """Number of images that score a setting of our own training; None if it is not known.

    Args:
        facts: Metadata of the sweep.
    """
    validation = facts.get("validation")
    if isinstance(validation, Mapping):  # of folds, each image scores the setting once
        images, part = facts.get("train_images"), validation.get("holdout", 1)
        return None if images is None else round(images * part)
    return facts.get({"test": "test_images", "val": "val_images"}.get(str(validation), ""))


def _is_share(metric: str) -> bool:
    """False if another package has replaced the metric with one of other limits."""
    found = split_metric(metric)[1]
    return found is not None and found.limits == (0.0, 1.0)


def _folds(facts: Mapping[str, Any]) -> int:
    validation = facts.get("validation")
    return int(validation.get("folds", 0)) if isinstance(validation, Mapping) else 0


def _seeded(runs: Sequence[Mapping[Run, float]]) -> bool:
    """False for a program without seeds, whose runs are named after their trials."""
    return not any(isinstance(seed, str) for each in runs for seed, _ in each)


def _paired(
    best: Mapping[Run, float], other: Mapping[Run, float], sign: int, folds: int
) -> float | None:
    """p-value that `other` is not worse, by runs that both have; None if it cannot be tested."""
    by_unit: dict[object, list[float]] = {}
    for run in best.keys() & other.keys():
        # A fold is averaged over its seeds, as these share its images.
        by_unit.setdefault(run[1] if folds else run[0], []).append(sign * (best[run] - other[run]))
    ahead = [statistics.fmean(each) for each in by_unit.values()]
    if len(ahead) < 2:
        return None
    spread = statistics.stdev(ahead)
    if spread < 1e-12:
        return 1.0 if abs(statistics.fmean(ahead)) < 1e-12 else None
    from scipy.special import stdtr

    overlap = 1 / (folds - 1) if folds > 1 else 0.0
    t = statistics.fmean(ahead) / (spread * math.sqrt(1 / len(ahead) + overlap))
    return float(stdtr(len(ahead) - 1, -t))


def _by_repeats(
    best: Mapping[Run, float], other: Mapping[Run, float], sign: int, _folds: int
) -> float | None:
    """As `_paired`, of runs without seeds."""
    if min(len(best), len(other)) < FEWEST:
        return None
    parts = [statistics.variance(each.values()) / len(each) for each in (best, other)]
    variance = sum(parts)
    ahead = sign * (statistics.fmean(best.values()) - statistics.fmean(other.values()))
    if variance < 1e-24:
        return 1.0 if abs(ahead) < 1e-12 else None
    from scipy.special import stdtr

    sizes = (len(best), len(other))
    degrees = variance**2 / sum(v**2 / (n - 1) for v, n in zip(parts, sizes, strict=True))
    return float(stdtr(degrees, -ahead / math.sqrt(variance)))


def _unpaired(best: float, other: float, images: int) -> float:
    """p-value that a share of as many images is not below another, nor above if that is better."""
    pooled = (best + other) / 2
    variance = 2 * pooled * (1 - pooled) / images
    if variance == 0:
        return 1.0
    return 1 - statistics.NormalDist().cdf(abs(best - other) / math.sqrt(variance))


def _holm(tests: Sequence[float | None]) -> list[float | None]:
    """p-values after Holm's correction; None stays None."""
    known = sorted((p, i) for i, p in enumerate(tests) if p is not None)
    corrected: list[float | None] = [None] * len(tests)
    largest = 0.0
    for rank, (p, i) in enumerate(known):
        largest = max(largest, min(1.0, p * (len(known) - rank)))
        corrected[i] = largest
    return corrected
