"""The search of a sweep that learns, with all that it knows when the sweep begins or goes on."""

from collections.abc import Iterable, Sequence

from tune_mc1.config.program_trial import AnyTrial
from tune_mc1.config.search import AskTell, Evidence
from tune_mc1.planning.batches import Batches
from tune_mc1.registry import resolve
from tune_mc1.results.growth_events import EvidenceEvent
from tune_mc1.results.writer import ResultWriter
from tune_mc1.running.search.learning import LearningTrials
from tune_mc1.running.sweep_run import SweepRun


def learning_trials(
    run: SweepRun, groups: Sequence[Sequence[AnyTrial]], writer: ResultWriter, batches: Batches
) -> LearningTrials:
    """The search, which has learnt from earlier sweeps and from what the sweep did so far.

    Args:
        run: The sweep, whose search learns.
        groups: Groups of the trials that have not ended.
        writer: Records its suggestions, and tells it of events.
        batches: How many settings are suggested at once.
    """
    sweep = run.sweep
    assert sweep.adapter is not None
    suggests: AskTell = resolve(sweep.adapter)(sweep)
    learn_from(suggests, [*run.past.evidence, *run.warm.evidence])
    counted = sweep.model_copy(update={"run_cap": run.total or None})
    search = LearningTrials(suggests, counted, writer.write, batches)
    search.replay(run.past.search, groups)
    writer.listeners.append(search.take)
    return search


def learn_from(search: AskTell, events: Iterable[EvidenceEvent]) -> None:
    """Lets a search learn from earlier sweeps, before it is asked for anything.

    Args:
        search: The search.
        events: The trials, as the journal has them, so that a resumed sweep learns the same.
    """
    for event in events:
        values = {int(epoch): value for epoch, value in event["values"]}
        search.learn(
            Evidence(
                event["setting"],
                values,
                event["value"],
                event["epochs"],
                event["metrics"],
                event.get("whole", False),
            )
        )
