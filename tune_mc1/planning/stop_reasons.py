"""Words for why trials were stopped, and the reasons of a past sweep, from its journal."""

from collections.abc import Mapping
from contextlib import suppress

from tune_mc1.config.field_types import Lang
from tune_mc1.config.stop_reason import Why
from tune_mc1.config.sweep import Sweep
from tune_mc1.errors import InputError
from tune_mc1.planning.past import read_past
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.written_sweep import written_sweep

_WORDS: Mapping[str, tuple[str, str]] = {
    "missing": ("{name} is missing or not finite", "{name} fehlt oder ist nicht endlich"),
    "below": ("{name} {score} {sign} {limit}, {what}", "{name} {score} {sign} {limit}, {what}"),
    "tied": (
        "{name} {score} is tied with the last of {what}, which came first",
        "{name} {score} ist gleich dem letzten Wert, der zuerst kam: {what}",
    ),
    "few": ("{name} {score} is not in {what}", "{name} {score} reicht nicht für: {what}"),
    "best_share": ("{share} of {n} at {unit} {at}", "{share} von {n} nach {unit} {at}"),
    "median": (
        "the median of the means of {n} up to {unit} {at}",
        "der Median der Mittel von {n} bis {unit} {at}",
    ),
    "trial": ("1 trial", "1 Trial"),
    "trials": ("{n} trials", "{n} Trials"),
    "best": ("best {name}", "bestes {name}"),
    "epoch": ("epoch", "Epoche"),
    "iteration": ("iteration", "Iteration"),
    "2": ("the best half", "die beste Hälfte"),
    "3": ("the best third", "das beste Drittel"),
    "4": ("the best quarter", "das beste Viertel"),
    "part": ("the best 1/{share}", "das beste 1/{share}"),
}


def reason_text(
    reason: Why,
    metric: str,
    *,
    maximize: bool,
    of_program: bool = False,
    lang: Lang = "en",
) -> str:
    """Why a trial was stopped: `val_acc 0.21 < 0.34, the best third of 12 trials at epoch 3`.

    Args:
        reason: The reason.
        metric: The sweep's metric.
        maximize: Whether a higher metric is better.
        of_program: Whether the trials are runs of a program, which have iterations.
        lang: The language.
    """
    if isinstance(reason, str):
        return " ".join(reason.split())

    def say(key: str, **values: object) -> str:
        return _WORDS[key][lang == "de"].format(**values)

    name = say("best", name=metric) if reason.rule == "median" else metric
    if reason.score is None:
        return say("missing", name=name)
    share = f"{reason.share:g}"
    values: dict[str, object] = {
        "n": say("trial" if reason.trials == 1 else "trials", n=reason.trials),
        "unit": say("iteration" if of_program else "epoch"),
        "at": reason.at,
    }
    if reason.rule == "own":
        what = _own(reason.words, lang, values)
    else:
        what = say(
            reason.rule, share=say(share) if share in _WORDS else say("part", share=share), **values
        )
    sign = 1 if maximize else -1
    score = _digits(sign * reason.score, reason.limit, sign)
    if reason.limit is None or reason.limit == reason.score:
        key = "few" if reason.limit is None else "tied"
        return say(key, name=name, score=score, what=what)
    relation = "<" if maximize else ">"
    limit = _digits(sign * reason.limit, reason.score, sign)
    return say("below", name=name, score=score, sign=relation, limit=limit, what=what)


def _own(words: Mapping[Lang, str], lang: Lang, values: Mapping[str, object]) -> str:
    """A scheduler's own words, as they are where they have other places for values."""
    text = words.get(lang) or words.get("en", "")
    with suppress(LookupError, ValueError, AttributeError):  # a sweep does not end by it
        text = text.format(**values)
    return " ".join(text.split())


def _digits(value: float, other: float | None, sign: int) -> str:
    """A number with four significant digits, or more if it would look like the other one."""
    short = f"{value:.4g}"
    differs = other is None or sign * other == value or short != f"{sign * other:.4g}"
    return short if differs else f"{value:.8g}"


def reasons_of(where: ResultDir) -> dict[str, str]:
    """Why the trials of a sweep were stopped, by trial; none if its file cannot be read here.

    Args:
        where: The result directory.
    """
    try:
        return stop_reasons(where, written_sweep(where))
    except (InputError, OSError):  # a package is missing; the rest of the results is there
        return {}


def stop_reasons(where: ResultDir, sweep: Sweep, lang: Lang = "en") -> dict[str, str]:
    """Why the trials of a sweep were stopped, by trial, from its journal; none without one.

    Args:
        where: The result directory.
        sweep: Its sweep.
        lang: The language.
    """
    if sweep.early_terminate is None:
        return {}
    try:
        past = read_past(where)
        known = past.scheduler(sweep)
    except InputError:  # results without a journal, or a damaged one
        return {}
    if known is None:
        return {}
    scheduler, gone = known
    rows, found = past.tables.trials, {}
    for trial in gone:
        reason = scheduler.reason(trial)
        if reason is not None and rows[trial]["state"] in ("stopped", "paused"):
            found[trial] = reason_text(
                reason,
                sweep.metric.name,
                maximize=sweep.metric.maximize,
                of_program=past.tables.of_program,
                lang=lang,
            )
    return found
