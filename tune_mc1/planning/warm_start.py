"""What a new sweep takes from earlier ones: trials that it would repeat, and evidence."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tune_mc1.config.program_trial import AnyTrial, ProgramTrial
from tune_mc1.config.sweep import Sweep
from tune_mc1.errors import InputError
from tune_mc1.planning.best_settings import best_text
from tune_mc1.planning.differences import same_epochs
from tune_mc1.planning.earlier import Earlier, read_earlier
from tune_mc1.planning.flags import PlanFlags
from tune_mc1.planning.growth import drawable_setting, same_result, with_epochs
from tune_mc1.planning.plan import Plan, prepare
from tune_mc1.results.growth_events import EvidenceEvent, TakenEvent
from tune_mc1.results.states import Row

_LEFT_BEHIND = frozenset({"trial", "config_hash", "fold", "data", "fingerprint", "log", "error"})
"""Columns of a trial that is taken over which stay those of its new row."""


@dataclass(frozen=True)
class WarmStart:
    """What a new sweep takes from earlier ones.

    Attributes:
        earlier: The earlier sweeps.
        taken: Trials that are not run again, each with where it comes from.
        evidence: Ended trials from which a search learns.
    """

    earlier: Sequence[Earlier] = ()
    taken: Sequence[TakenEvent] = ()
    evidence: Sequence[EvidenceEvent] = ()

    def source(self, event: TakenEvent) -> Earlier:
        """The sweep that a trial comes from."""
        return next(one for one in self.earlier if one.name == event["source"])


COLD = WarmStart()


def prepare_from(
    command: str, file: Path | None, places: Sequence[str], best: int | None, flags: PlanFlags
) -> Plan:
    """Prepares a new sweep that starts from earlier ones.

    Args:
        command: The method on the command line.
        file: The sweep file; None for the command's default one, or with `best`.
        places: Result directories or URLs of the earlier sweeps.
        best: Number of their best settings that it consists of; None for those of the file.
        flags: Flags that override the file.

    Raises:
        InputError: If the sweep is not valid, or an earlier one cannot be used.
    """
    earlier = read_earlier(places)
    if best is None:
        return warmed(prepare(command, file, flags), earlier)
    source, text, said = best_text(earlier, best, file)
    plan = prepare(command, source, flags, text=text)
    check_task(earlier, plan.sweep)
    return replace(plan, warm=WarmStart(tuple(earlier)), notices=[*plan.notices, *said])


def warmed(plan: Plan, earlier: Sequence[Earlier]) -> Plan:
    """A plan whose sweep starts from earlier ones.

    Args:
        plan: The plan of a new sweep.
        earlier: The earlier sweeps.

    Raises:
        InputError: If one of them ran another task.
    """
    check_task(earlier, plan.sweep)
    early = plan.sweep.early_terminate
    exchanges = early is not None and early.changes(plan.sweep)  # so that no trial stands alone
    taken = () if exchanges else tuple(_taken(plan.trials, earlier))
    learns = plan.sweep.search.learns
    evidence = tuple(e for one in earlier for e in _evidence(plan.sweep, one)) if learns else ()
    warm = WarmStart(tuple(earlier), taken, evidence)
    said = _said(warm, learns)
    if early is not None and exchanges:
        rule = f"no trial is taken over, as {early.type} exchanges settings between its trials"
        said = (f"--from {one.place}: {rule}" for one in earlier)
    return replace(plan, warm=warm, notices=[*plan.notices, *said])


def check_task(earlier: Sequence[Earlier], sweep: Sweep) -> None:
    """Checks that earlier sweeps had the task of a new one, as far as that is known.

    Raises:
        InputError: If one of them ran another task.
    """
    if problems := [
        f"--from {one.place}: {line}" for one in earlier for line in one.misfits(sweep)
    ]:
        raise InputError(problems)


def _said(warm: WarmStart, learns: bool) -> Iterator[str]:
    for one in warm.earlier:
        if learns:
            count = sum(event["source"] == one.name for event in warm.evidence)
            yield f"--from {one.place}: {count} of its {len(one.trials)} trials are evidence"
            continue
        ids = [event["trial"] for event in warm.taken if event["source"] == one.name]
        if not ids:
            rule = "no trial is taken over, as none of its trials that ran to their end"
            yield f"--from {one.place}: {rule} has a setting, epochs and seed of this sweep"
            continue
        shown = f": {', '.join(ids[:12])}{', ...' if len(ids) > 12 else ''}"
        yield f"--from {one.place}: {len(ids)} trials are taken over, not run again{shown}"


def _taken(trials: Sequence[AnyTrial], earlier: Sequence[Earlier]) -> Iterator[TakenEvent]:
    """Trials that an earlier sweep has run to their end with the same setting and seed."""
    done: dict[Any, tuple[Earlier, str]] = {}
    for one in earlier:
        for name, trial in one.trials.items():
            ended = one.past.tables.trials[name]["state"] in ("completed", "diverged")
            if ended and one.had_one_setting(name):
                done.setdefault(same_result(trial), (one, name))
    for trial in trials:
        if found := done.pop(same_result(trial), None):  # once, so that nothing counts twice
            source, name = found
            row = source.past.tables.trials[name]
            parameters = source.past.tables.columns.parameters
            kept = {k: v for k, v in row.items() if k not in _LEFT_BEHIND and k not in parameters}
            yield {
                "event": "taken",
                "trial": trial.id,
                "source": source.name,
                "of": name,
                "row": {k: v for k, v in kept.items() if not k.startswith("test_")},
                "history": [{**epoch, "trial": trial.id} for epoch in source.history(name)],
            }


def _evidence(sweep: Sweep, earlier: Earlier) -> Iterator[EvidenceEvent]:
    """Ended trials from which a search learns: those whose settings the sweep could have.

    Without early stopping, the search compares trials at their last epoch, so shorter ones are left
    out, and of longer ones the metric counts at the epoch at which those of the sweep end.
    """
    epochs, metric = same_epochs(sweep), earlier.past.tables.metric
    for name, row in earlier.past.tables.trials.items():
        ended = row["state"] in ("completed", "stopped", "diverged", "failed")
        if not ended or not earlier.had_one_setting(name):
            continue
        (trial,) = with_epochs([earlier.trials[name]], epochs)
        setting = drawable_setting(sweep, trial, any_seed=True)
        if setting is None:
            continue
        rows = {one["epoch"]: one for one in earlier.history(name)}
        values = {
            epoch: one[metric]
            for epoch, one in rows.items()
            if _finite(one.get(metric)) and epoch <= (epochs or epoch)
        }
        failed = row["state"] in ("diverged", "failed") or not values
        ran: int = row["epochs_run"]
        if not failed and sweep.early_terminate is None and ran < (epochs or ran):
            continue
        last: Mapping[str, Any] = rows[max(values)] if values else {}
        yield {
            "event": "evidence",
            "trial": f"{earlier.name}/{name}",
            "source": earlier.name,
            "setting": setting,
            "values": [[epoch, value] for epoch, value in values.items()],
            "value": None if failed else values[max(values)],
            "epochs": min(ran, epochs or ran),
            "metrics": {k: v for k, v in last.items() if _finite(v) and k not in ("epoch", "time")},
            "whole": _is_whole(sweep, setting, earlier.trials[name], row),
        }


def _is_whole(sweep: Sweep, setting: Mapping[str, Any], trial: AnyTrial, row: Row) -> bool:
    """Whether a trial of this sweep with the same setting would have the same result."""
    if row["state"] not in ("completed", "diverged"):
        return False
    if isinstance(trial, ProgramTrial):
        return not sweep.repeats and dict(setting) == dict(trial.values)
    config = sweep.config(setting)
    return (config.seed, config.epochs) == (trial.config.seed, trial.config.epochs)


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
