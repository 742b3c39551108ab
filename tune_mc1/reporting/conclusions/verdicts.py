"""Verdicts on the reference's conclusions: confirmed by the results, or not."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tune_mc1.reporting.conclusions.findings import Finding, Studies
from tune_mc1.reporting.conclusions.rules import RULES, Rule
from tune_mc1.reporting.frames import SweepFrames
from tune_mc1.reporting.statistics.estimate import ALPHA, Estimate
from tune_mc1.reporting.statistics.more_units import MoreUnits, more_units
from tune_mc1.reporting.statistics.pairwise import holm
from tune_mc1.reporting.words.text import NOTHING, Text, join, say

Result = Literal["confirmed", "not confirmed", "undecided", "not run"]


@dataclass(frozen=True)
class Verdict:
    """The verdict on one conclusion.

    Attributes:
        id: The rule's name.
        slide: Heading of the reference's slide; empty without one.
        studies: Names of the studies that it needs.
        statement: The conclusion.
        result: `not run` if the trials that it needs are missing.
        compared: The name of the effect, such as CNN6 − CNN5.
        effect: The effect with its 95 % interval (not corrected for other tests), the number of
            observations and their unit, trials and seeds. Nan if it is not known.
        published: The effect in the reference; None if it is not known.
        p: p-value in favour of the claim after Holm's correction; nan without a test.
        measured: Metric and epoch.
        reason: The basis of the verdict, and other possible causes.
        more: How many more observations would decide it; None if that is not known.
    """

    id: str
    slide: str
    studies: tuple[str, ...]
    statement: Text
    result: Result
    compared: Text
    effect: Estimate
    published: float | None
    p: float
    measured: Text
    reason: Text
    more: MoreUnits


def verdicts(frames: Sequence[SweepFrames]) -> tuple[Verdict, ...]:
    """Evaluates every conclusion on the results given.

    Holm's correction is over the conclusions of one study, separately for the tests for and those
    against them.

    Args:
        frames: Any number of result directories. Those of one study are taken together; only
            trials on the same images, split, fold and seed are compared.
    """
    studies: dict[str, list[SweepFrames]] = {}
    for each in frames:
        studies.setdefault(each.name, []).append(each)
    findings = {rule.id: _examine(rule, studies) for rule in RULES}
    supports, opposes = _corrected(findings, "p_for"), _corrected(findings, "p_against")
    tested = Counter(r.studies[0] for r in RULES if not math.isnan(supports[r.id]))
    made = []
    for rule in RULES:
        finding, p = findings[rule.id], supports[rule.id]
        result = _result(finding, p, opposes[rule.id])
        more = _more(result, finding, max(tested[rule.studies[0]], 1))
        made.append(_verdict(rule, finding, result, p, more, _protocol(rule, studies)))
    return tuple(made)


def _examine(rule: Rule, studies: Studies) -> Finding:
    missing = [name for name in rule.studies if not studies.get(name)]
    if not missing:
        return rule.examine(studies)
    en, de = "Needs the study {names}.", "Braucht die Studie {names}."
    if len(missing) > 1:
        en, de = "Needs the studies {names}.", "Braucht die Studien {names}."
    return Finding(False, reason=say(en, de, names=", ".join(missing)))


def _corrected(findings: dict[str, Finding], which: str) -> dict[str, float]:
    """The p-value of each rule after Holm's correction over the rules of its study."""
    families: dict[str, list[str]] = {}
    for rule in RULES:
        families.setdefault(rule.studies[0], []).append(rule.id)
    corrected: dict[str, float] = {}
    for ids in families.values():
        p = [getattr(findings[i], which) for i in ids]
        corrected |= dict(zip(ids, holm(p), strict=True))
    return corrected


def _verdict(
    rule: Rule, finding: Finding, result: Result, p: float, more: MoreUnits, protocol: Text
) -> Verdict:
    notes = [rule.caveat, protocol] if finding.ran else []
    return Verdict(
        id=rule.id,
        slide=rule.slide,
        studies=rule.studies,
        statement=rule.statement,
        result=result,
        compared=rule.effect,
        effect=finding.effect,
        published=rule.published,
        p=p,
        measured=finding.measured,
        reason=join([finding.reason, *notes]),
        more=more,
    )


def _more(result: Result, finding: Finding, family: int) -> MoreUnits:
    """The observations that would decide it, at the strictest level of Holm's correction."""
    if result == "not run":
        return MoreUnits(None, NOTHING)
    if result != "undecided":
        return MoreUnits(0, Text("Decided.", "Entschieden."))
    alpha = ALPHA / (family * finding.tests)
    more = more_units(finding.open or finding.effect, finding.margin, alpha)
    if more.more == 0:
        return MoreUnits(None, Text("A borderline case.", "Ein Grenzfall."))
    return more


def _result(finding: Finding, supports: float, opposes: float) -> Result:
    if not finding.ran:
        return "not run"
    if supports < ALPHA:
        return "confirmed"
    return "not confirmed" if opposes < ALPHA else "undecided"


def _protocol(rule: Rule, studies: Studies) -> Text:
    """Departures from the study: fewer images, unfinished sweeps, selection on test images."""
    frames = [f for name in rule.studies for f in studies.get(name, ())]
    notes = []
    parts = sorted({round(100 * f.sweep.limit_images, 1) for f in frames})
    if parts and parts[0] < 100:
        en, de = "Run with {parts} % of the images.", "Mit {parts} % der Bilder gelaufen."
        notes.append(say(en, de, parts=join((say("{p}", "{p}", p=p) for p in parts), " / ")))
    if not all(f.finished for f in frames):
        notes.append(Text("Not all trials have ended.", "Noch sind nicht alle Läufe fertig."))
    if any(f.sweep.validation == "test" for f in frames):
        notes.append(Text("Validated on the test images.", "Validiert wurde auf den Testbildern."))
    return join(notes) if notes else NOTHING
