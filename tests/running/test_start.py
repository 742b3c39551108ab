"""A sweep that goes on takes its past from the plan, unless its journal has grown since."""

from pathlib import Path

from tests.results.test_results import epoch_event, write_sweep
from tune_mc1.config.sweep import Sweep
from tune_mc1.planning.past import Past, read_past
from tune_mc1.planning.plan import Plan
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.journal import Journal
from tune_mc1.results.writer import ResultWriter
from tune_mc1.running.opening import current_past


def test_the_past_is_read_again_only_if_it_is_another(tmp_path: Path) -> None:
    where = ResultDir.create(tmp_path, "unit")
    writer = ResultWriter(where)
    write_sweep(writer)
    writer.close()
    past = read_past(where)
    plan = Plan("grid", Sweep(), past.trials, directory=where.root, past=past)
    assert current_past(plan, where) is past
    epochs = len(past.tables.history)
    journal = Journal(where.journal)
    journal.write({**epoch_event(past.trials[0].id, 9, 0.5), "time": 1.0})
    journal.close()
    again = current_past(plan, where)
    assert len(again.tables.history) == epochs + 1
    assert current_past(Plan("grid", Sweep(), past.trials), where) == Past()
