"""The foot of a figure: data, numbers of trials, and limits of its conclusions."""

from collections.abc import Sequence
from dataclasses import dataclass

from tune_mc1.config.validation import Folds
from tune_mc1.reporting.drawing.style import short
from tune_mc1.reporting.frames import SweepFrames
from tune_mc1.reporting.words.catalogue import Say, count
from tune_mc1.results.schema import ENDED


@dataclass(frozen=True)
class Foot:
    """The lines below a figure.

    Attributes:
        notes: Data set, and numbers of trials, settings and runs.
        warnings: Limits of its conclusions, in a colour that stands out.
    """

    notes: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def foot_of_sweep(frames: SweepFrames, t: Say) -> Foot:
    """The foot of every figure of one sweep."""
    notes = [_data(frames, t), *_counts(frames, t)]
    states = frames.trials["state"].value_counts()
    for state in ("stopped", "diverged", "failed"):
        if n := int(states.get(state, 0)):
            notes.append(t(f"state_{state}", n=n))
    return Foot((*notes, *_scale(frames, t)), tuple(_warnings(frames, t)))


def foot_of_sweeps(sweeps: Sequence[SweepFrames], t: Say) -> Foot:
    """The foot of a figure of several sweeps, each with its trials."""
    notes = list(dict.fromkeys(_data(frames, t) for frames in sweeps))
    warnings = []
    for frames in sweeps:
        name, trials = short(frames.name, 30), frames.trials
        parts = [count(t, "trial", len(trials))]
        parts += [count(t, "setting", trials["config_hash"].nunique()), *_scale(frames, t)]
        notes.append(f"{name}: {', '.join(parts)}")
        warnings += [f"{name}: {warning}" for warning in _warnings(frames, t)]
    if len({frames.facts.get("program") for frames in sweeps}) > 1:
        warnings.insert(0, t("warn_program"))
    elif len({str(frames.facts.get("fingerprint")) for frames in sweeps}) > 1:
        warnings.insert(0, t("warn_data"))
    elif len({str(frames.sweep.validation) for frames in sweeps}) > 1:
        warnings.insert(0, t("warn_validation"))
    return Foot(tuple(notes), tuple(warnings))


def _warnings(frames: SweepFrames, t: Say) -> list[str]:
    found = []
    if frames.sweep.validation == "test":
        found.append(t("warn_test"))
    if not frames.finished:
        ended = int(frames.trials["state"].isin(list(ENDED)).sum())
        found.append(t("warn_unfinished", n=ended, total=len(frames.trials)))
    return found


def _counts(frames: SweepFrames, t: Say) -> list[str]:
    """Numbers of trials, of settings, and of runs of each."""
    trials = frames.trials
    runs = trials["config_hash"].value_counts()
    notes = [count(t, "trial", len(trials))]
    if runs.empty:
        return notes
    if len(runs) > 1 or trials["config_hash"].duplicated().any():
        notes.append(count(t, "setting", len(runs)))
    low, high = int(runs.min()), int(runs.max())
    validation = frames.sweep.validation
    if isinstance(validation, Folds):
        notes.append(t("fold_n", n=validation.folds))
        high = max(high // max(trials["fold"].nunique(), 1), 1)
        return notes if high == 1 else [*notes, t("each_run_n", n=high)]
    each = count(t, "each_run", high)
    return [*notes, each if low == high else t("each_run_range", low=low, high=high)]


def _data(frames: SweepFrames, t: Say) -> str:
    """The program, or the data set and the first eight digits of its fingerprint."""
    if frames.of_program:
        return t("program", program=short(program_text(frames)))
    name = short(str(frames.facts.get("data") or "?"))
    fingerprint = str(frames.facts.get("fingerprint") or "?")[:8]
    return t("data", data=name, fingerprint=fingerprint)


def program_text(frames: SweepFrames) -> str:
    """The program of a sweep, or the command that starts it."""
    command = getattr(frames.sweep, "command", None) or ()
    return str(frames.facts.get("program") or " ".join(command) or "?")


def _scale(frames: SweepFrames, t: Say) -> list[str]:
    """The fraction of the images or of the study's work, where it is not all."""
    notes = []
    if frames.sweep.limit_images < 1:
        notes.append(t("scaled_images", part=100 * frames.sweep.limit_images))
    if frames.sweep.scale < 1:
        notes.append(t("scaled_work", part=100 * frames.sweep.scale))
    return notes
