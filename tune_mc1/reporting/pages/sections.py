"""Section of a report on one sweep, in words and tables; page and slides share it."""

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from tune_mc1.config.load import config_to_yaml
from tune_mc1.config.method import search_name
from tune_mc1.config.metrics import possible_range
from tune_mc1.config.validation import Folds, Holdout
from tune_mc1.reporting.frames import SweepFrames
from tune_mc1.reporting.pages.lead_facts import lead_facts
from tune_mc1.reporting.pages.pareto_table import pareto_views
from tune_mc1.reporting.pages.result_tables import (
    recall_views,
    setting_groups,
    settings_view,
    summary_text,
    test_columns,
    trials_view,
    value_text,
)
from tune_mc1.reporting.pages.views import TableView, missing
from tune_mc1.reporting.words.catalogue import Say
from tune_mc1.results.lead import Lead, lead
from tune_mc1.results.schema import ENDED
from tune_mc1.results.summary import Summary, summarize
from tune_mc1.terminal.formatting import duration

Facts = list[tuple[str, str]]


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
    sure = _lead(frames, settings)
    winner, note = _winner(frames, settings, sure, t)
    repeated = 0 < len(settings) < len(frames.trials)
    ends = [settings_view(frames, settings, sure, t)] if repeated or sure.tied else []
    ends = [*pareto_views(frames, t), *ends]
    return Section(
        anchor=frames.where.root.name,
        title=title,
        description=frames.sweep.description or "",
        warnings=warnings(frames, t),
        facts=_facts(frames, len(settings), t),
        winner=winner,
        winner_note=note,
        tables=[*tables, *recall_views(frames, settings, t), *ends, trials_view(frames, t)],
        rerun=_rerun(frames),
        sweep_yaml=config_to_yaml(frames.sweep),
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
    parts = []
    if sweep.scale < 1:
        parts.append(t("scaled_work", part=100 * sweep.scale))
    if sweep.limit_images < 1:
        parts.append(t("scaled_images", part=100 * sweep.limit_images))
    if parts:
        found.append(t("warn_scaled", parts=", ".join(parts)))
    seeded = "seed" in trials
    if trials["config_hash"].is_unique and len(trials) > 1:
        found.append(t("warn_one_run"))
    if not trials["config_hash"].is_unique and not seeded:
        found.append(t("warn_repeats"))
    if seeded and trials.duplicated(["config_hash", "fold", "seed"]).any():
        found.append(t("warn_equal_seeds"))
    return found


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
        train=_count(facts.get("train_images")),
        test=_count(facts.get("test_images")),
    )
    return [(t("data"), data), (t("validation"), validation_text(frames.sweep.validation, t))]


def _program(frames: SweepFrames, t: Say) -> Facts:
    command = getattr(frames.sweep, "command", None)
    words = [(t("command"), " ".join(command))] if command else []
    return [(t("program"), str(frames.facts.get("program") or "–")), *words]


def _count(value: Any) -> str:
    return "?" if missing(value) else f"{value:,}".replace(",", "\u202f")


def validation_text(validation: Any, t: Say) -> str:
    """The images that score the trials, in words."""
    if isinstance(validation, Holdout):
        return t("holdout", part=validation.holdout)
    if isinstance(validation, Folds):
        return t("folds", folds=validation.folds)
    return t(validation)


def _lead(frames: SweepFrames, settings: pd.DataFrame) -> Lead:
    """How sure the lead of the best setting is."""
    pairs = zip(settings["runs"], settings["broken"], strict=True)
    scored = [(runs, bool(broken)) for runs, broken in pairs if runs]
    maximize = frames.sweep.metric.maximize
    return lead(scored, frames.facts, frames.metric, maximize=maximize, rank=frames.rank)


def _winner(frames: SweepFrames, settings: pd.DataFrame, sure: Lead, t: Say) -> tuple[Facts, str]:
    if not frames.metric:
        return [], t("no_winner_metric")
    if settings.empty or settings.iloc[0]["summary"].mean is None:
        return [], t("no_winner")
    best = settings.iloc[0]
    ids = ", ".join(best["ids"][:12])
    rows = [
        (t("winner_setting"), f"{_setting(frames, best, t)} ({ids})"),
        (t("winner_val"), f"{frames.sweep.metric.name} {_score(frames, best['summary'])}"),
        *_losses(frames, settings, t),
        *lead_facts(frames, settings, sure, t),
    ]
    bias = t("winner_bias", n=sure.settings) if sure.settings > 1 else t("winner_epochs")
    if frames.of_program:
        return rows, bias
    if not best["test"]:
        return rows, f"{bias} {t('winner_no_test')}"
    own = frames.trials[frames.trials["trial"].isin(best["ids"])]
    scores = {name: own[name].dropna().tolist() for name in test_columns(frames)}
    tested = [
        f"{name} {summary_text(summarize(each, limits=possible_range(name)))}"
        for name, each in scores.items()
    ]
    rows.append((t("winner_test"), ", ".join(tested)))
    return rows, bias


def _setting(frames: SweepFrames, row: "pd.Series[Any]", t: Say) -> str:
    """Values of the parameters that vary, of a row of `setting_groups`."""
    values = (f"{frames.own_name(n)}={value_text(frames, row[n])}" for n in frames.varied)
    return ", ".join(values) or t("all")


def _losses(frames: SweepFrames, settings: pd.DataFrame, t: Say) -> Facts:
    """Says that trials of the best setting diverged or failed, and which is the best without."""
    best, lost = settings.iloc[0], settings["diverged"] + settings["failed"]
    if not lost.iloc[0]:
        return []
    text = t("winner_losses_value", n=lost.iloc[0], of=best["trials"])
    scored = settings["summary"].map(lambda summary: summary.mean is not None)
    sound = settings[(lost == 0) & scored]
    if sound.empty:
        return [(t("winner_losses"), f"{text}; {t('winner_none_sound')}")]
    row = sound.iloc[0]
    ids, score = ", ".join(row["ids"][:12]), _score(frames, row["summary"])
    other = t("winner_sound", setting=_setting(frames, row, t), trials=ids, score=score)
    return [(t("winner_losses"), f"{text}; {other}")]


def _score(frames: SweepFrames, summary: Summary) -> str:
    return summary_text(summary, frames.decimals())


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
