"""Trials of earlier sweeps, passed on to a search that learns."""

from collections.abc import Iterable

from tune_mc1.config.search import AskTell, Evidence
from tune_mc1.results.growth_events import EvidenceEvent


def learn_from(search: AskTell, events: Iterable[EvidenceEvent]) -> None:
    """Lets a search learn from earlier sweeps, before it is asked for anything.

    Args:
        search: The search.
        events: The trials, as the journal has them, so that a resumed sweep learns the same.
    """
    for event in events:
        values = {int(epoch): value for epoch, value in event["values"]}
        search.learn(
            Evidence(event["setting"], values, event["value"], event["epochs"], event["metrics"])
        )
