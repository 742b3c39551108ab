"""Section of a report on one sweep, in words and tables; page and slides share it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tune_mc1.config.load import config_to_yaml
from tune_mc1.config.method import search_name
from tune_mc1.config.validation import Folds, Holdout
from tune_mc1.planning.studies import STUDIES
from tune_mc1.reporting.drawing.spec import file_name
from tune_mc1.reporting.frames import SweepFrames
from tune_mc1.reporting.pages.pareto_table import pareto_views
from tune_mc1.reporting.pages.result_tables import (
    class_views,
    setting_groups,
    settings_view,
    trials_view,
    winner_classes,
)
from tune_mc1.reporting.pages.summary import summary
from tune_mc1.reporting.pages.views import TableView, counted
from tune_mc1.reporting.pages.winner_facts import (
    Facts,
    lead_of_frames,
    majority_accuracy,
    test_facts,
    tested_scores,
    winner_facts,
)
from tune_mc1.reporting.words.catalogue import Say
from tune_mc1.results.schema import ENDED
from tune_mc1.terminal.formatting import duration


@dataclass(frozen=True)
class Section:
    """The section of a report on one sweep, without its figures.

    Attributes:
        anchor: Its name in links.
        title: Its heading.
        description: The sweep's own.
        warnings: Limits of its conclusions.
        facts: What was run.
        winner: The best setting and its scores.
        winner_note: How to read them.
        summary: The first paragraph: what was tried, and what is best.
        tables: Statistics, settings and trials.
        rerun: Commands that run the sweep again.
        sweep_yaml: The resolved sweep.
        provenance: Command, versions and machine behind the results.
    """

    anchor: str
    title: str
    description: str
    warnings: list[str]
    facts: Facts
    winner: Facts
    winner_note: str
    summary: str = ""
    tables: list[TableView] = field(default_factory=list)
    rerun: str = ""
    sweep_yaml: str = ""
    provenance: Facts = field(default_factory=list)


def make_section(frames: SweepFrames, title: str, tables: list[TableView], t: Say) -> Section:
    """The section of one sweep.

    Args:
        frames: The sweep.
        title: Its heading.
        tables: Its statistics, which come before settings and trials.
        t: Gives the text of a key.
    """
    settings = setting_groups(frames)
    sure = lead_of_frames(frames, settings)
    classes = winner_classes(frames, settings)
    tests = list(tested_scores(frames, settings))
    winner, note = winner_facts(frames, settings, sure, t)
    winner += [*test_facts(tests, classes, t)] if winner else []
    majority = majority_accuracy(classes)
    repeated = 0 < len(settings) < len(frames.trials)
    ends = [settings_view(frames, settings, sure, t)] if repeated or sure.tied else []
    ends = [*pareto_views(frames, t), *ends]
    return Section(
        anchor=file_name(title),
        title=title,
        description=frames.sweep.description or "",
        warnings=warnings(frames, t),
        facts=_facts(frames, len(settings), t),
        winner=winner,
        winner_note=note,
        summary=summary(frames, settings, sure, tests, majority, t),
        tables=[*tables, *class_views(classes, t), *ends, trials_view(frames, t)],
        rerun=_rerun(frames),
        sweep_yaml=config_to_yaml(frames.own_sweep),
        provenance=_provenance(frames, t),
    )


def warnings(frames: SweepFrames, t: Say) -> list[str]:
    """The limits of the conclusions that a sweep allows."""
    trials, sweep = frames.trials, frames.sweep
    found = []
    ended = int(trials["state"].isin(list(ENDED)).sum())
    if ended < len(trials):
        found.append(t("warn_unfinished", ended=ended, total=len(trials)))
    broken = int(trials["state"].isin(["failed", "diverged"]).sum())
    if broken:
        found.append(t("warn_failed", n=broken))
    if sweep.validation == "test":
        found.append(t("warn_test"))
    found += _scaled(frames, t)
    seeded = "seed" in trials
    if frames.exchanged:
        found.append(t("warn_exchanged"))
    elif trials["config_hash"].is_unique and len(trials) > 1:
        found.append(t("warn_one_run"))
    if not trials["config_hash"].is_unique and not seeded:
        found.append(t("warn_repeats"))
    if seeded and trials.duplicated(["config_hash", "fold", "seed"]).any():
        found.append(t("warn_equal_seeds"))
    return found


def _scaled(frames: SweepFrames, t: Say) -> Iterator[str]:
    """What a smaller sweep says less of; a study's results were published with all of it."""
    sweep, parts = frames.sweep, []
    if sweep.scale < 1:
        parts.append(t("scaled_work", part=100 * sweep.scale))
    if sweep.limit_images < 1:
        parts.append(t("scaled_images", part=100 * sweep.limit_images))
    if parts and (sweep.reference is not None or frames.name in STUDIES):
        yield t("warn_scaled", parts=", ".join(parts))
    elif sweep.limit_images < 1:
        yield t("warn_images", part=100 * sweep.limit_images)


def _facts(frames: SweepFrames, settings: int, t: Say) -> Facts:
    trials, sweep = frames.trials, frames.sweep
    early = sweep.early_terminate
    settings = settings or trials["config_hash"].nunique()
    metric = t("metric_value", metric=sweep.metric.name, goal=t(sweep.metric.goal))
    states = ", ".join(f"{n} {state}" for state, n in trials["state"].value_counts().items())
    runs = round(len(trials) / max(settings, 1))
    processor = frames.provenance.get("processor") or t("unknown")
    return [
        *(_program(frames, t) if frames.of_program else _images(frames, t)),
        (
            t("search"),
            t(
                "search_value",
                method=search_name(sweep.method, early.type if early else None),
                settings=settings,
                runs=t("one_run") if runs == 1 else t("runs", n=runs),
                states=states,
            ),
        ),
        (
            t("metric"),
            metric if frames.metric else t("no_metric"),
        ),
        (
            t("time"),
            t("time_value", time=duration(float(trials["seconds"].sum())), processor=processor),
        ),
    ]


def _images(frames: SweepFrames, t: Say) -> Facts:
    facts = frames.facts
    data = t(
        "data_value",
        data=facts.get("data", "?"),
        fingerprint=facts.get("fingerprint", "?"),
        train=counted(facts.get("train_images")),
        test=counted(facts.get("test_images")),
    )
    return [(t("data"), data), (t("validation"), validation_text(frames.sweep.validation, t))]


def _program(frames: SweepFrames, t: Say) -> Facts:
    command = getattr(frames.sweep, "command", None)
    words = [(t("command"), " ".join(command))] if command else []
    return [(t("program"), str(frames.facts.get("program") or "–")), *words]


def validation_text(validation: Any, t: Say) -> str:
    """The images that score the trials, in words."""
    if isinstance(validation, Holdout):
        return t("holdout", part=100 * validation.holdout)
    if isinstance(validation, Folds):
        return t("folds", folds=validation.folds)
    return t(validation)


def _rerun(frames: SweepFrames) -> str:
    command = "random" if frames.sweep.method is None else frames.sweep.method
    return f"python -m tune_mc1 sweep {command} sweep.yaml"


def _provenance(frames: SweepFrames, t: Say) -> Facts:
    made = frames.provenance
    if not made:
        return [(t("command"), t("unknown"))]
    packages = made.get("packages", {})
    versions = ", ".join(f"{name} {number}" for name, number in packages.items() if number)
    memory = made.get("memory_bytes")
    size = f", {memory / 2**30:.0f} GiB" if memory else ""
    return [
        (t("command"), " ".join(made.get("command", []))),
        (t("commit"), made.get("git_commit") or t("unknown")),
        (t("started"), made.get("started", t("unknown"))),
        (t("versions"), f"Python {made.get('python', '?')}, {versions}"),
        (t("machine"), f"{made.get('processor', '?')}, {made.get('cores', '?')} CPU{size}"),
    ]
