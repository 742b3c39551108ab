"""Requests to a sweep: their form, and what becomes of them with and without one that runs."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.object_store import serving_all
from tune_mc1 import file_lock
from tune_mc1.errors import InputError
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import Event
from tune_mc1.results.lock import locked
from tune_mc1.results.steering.ask import ask, place
from tune_mc1.results.steering.ended import MARKING, mark_ended
from tune_mc1.results.steering.inbox import Inbox
from tune_mc1.results.steering.marks import notes, pinned, size, to_stop
from tune_mc1.results.steering.requests import (
    Add,
    Answer,
    Note,
    Pin,
    Resize,
    StopSweep,
    StopTrials,
    from_data,
    to_data,
)
from tune_mc1.results.store.heartbeat import beat
from tune_mc1.results.store.remote import Remote
from tune_mc1.results.store.store_mirror import StoreMirror
from tune_mc1.results.writer import ResultWriter

REQUESTS = [
    StopTrials(("t0001", "t0002")),
    StopSweep(),
    Resize(3),
    Add(5),
    Pin("t0001", False),
    Note("t0001", "Grüsse\n"),
]


@pytest.fixture
def where(tmp_path: Path) -> ResultDir:
    """Results of two trials, whose sweep does not run."""
    where = ResultDir.create(tmp_path, "sweep")
    writer = ResultWriter(where)
    sweep: Any = {
        "event": "sweep",
        "program": "x",
        "parameters": {},
        "metric": "",
        "maximize": True,
        "method": "random",
    }
    trials: list[Event] = [
        {"event": "trial", "trial": t, "config": {}, "config_hash": t, "fold": None}
        for t in ("t0001", "t0002")
    ]
    writer.write(sweep, *trials)
    writer.close()
    return where


@contextmanager
def running(where: ResultDir) -> Iterator[Inbox]:
    """What the process of the sweep does first."""
    with locked(where):
        yield Inbox(where)


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: request.ask)
def test_a_request_is_taken_up_as_it_was_placed(where: ResultDir, request_: Any) -> None:
    assert from_data(json.loads(json.dumps(to_data(request_)))) == request_
    with running(where) as inbox:
        placed = place(where, request_)
        assert placed.answer() is None
        ((name, taken),) = inbox.new()
        assert (name, taken) == (placed.id, request_)
        inbox.answer(name, Answer("accepted", "yes"))
        assert placed.answer() == Answer("accepted", "yes")
        assert placed.answer() is None, "it is removed"
        inbox.close("too late")
    assert not (where.root / "requests").exists()


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        ({"ask": "fly"}, "request: ask must be one of stop_trials, "),
        ([], "request: ask must be one of stop_trials, "),
        ({"ask": "resize", "max_concurrent": 0}, "max_concurrent: must be at least 1, got 0"),
        ({"ask": "resize"}, "resize.max_concurrent: must be a whole number, got None"),
        ({"ask": "add", "more": True}, "add.more: must be a whole number, got True"),
        ({"ask": "add", "more": 10**6}, "more: must be from 1 to 100000, got 1000000"),
        ({"ask": "stop_trials", "trials": "t1"}, "stop_trials.trials: must be a list of ids"),
        ({"ask": "stop_trials", "trials": []}, "stop: must name trials, such as t0003"),
        ({"ask": "note", "trial": "t1", "text": "x" * 2001}, "note: must have at most 2000"),
        ({"ask": "pin", "trial": "t1", "pinned": "no"}, "pin.pinned: must be true or false"),
    ],
)
def test_what_is_not_a_request_is_refused(where: ResultDir, data: Any, rule: str) -> None:
    with pytest.raises(InputError) as error:
        from_data(data)
    assert error.value.problems[0].startswith(rule)
    with running(where) as inbox:
        folder = where.root / "requests"
        folder.mkdir()
        (folder / "1.json").write_text(json.dumps(data))
        (folder / "2.json").write_text("{")
        assert not list(inbox.new())
        found = json.loads((folder / "1.answer").read_text())
        assert (found["state"], found["line"][: len(rule)]) == ("refused", rule)
        assert (folder / "2.answer").exists()


def test_where_no_sweep_runs_only_marks_are_possible(where: ResultDir) -> None:
    with pytest.raises(InputError) as error:
        ask(where, Resize(2))
    rule = f"{where.root}: no sweep runs here; resume it: python -m tune_mc1 sweep random --resume "
    assert error.value.problems == [f"{rule}{where.root}"]
    assert ask(where, Note("t0002", "looked at")).accepted
    assert ask(where, Note("t0001", "gone")).accepted
    assert ask(where, Note("t0001", "")).accepted
    assert ask(where, Pin("t0002")).accepted
    assert ask(where, Pin("t0001")).accepted
    assert ask(where, Pin("t0002", False)).line == "t0002 is no longer pinned"
    refused = ask(where, Pin("t0003"))
    assert (refused.state, refused.line) == (
        "refused",
        "no trial 't0003', did you mean 't0002'?",
    )
    assert not (where.root / ".lock").exists(), "it would hide where the sweep runs"
    tables = where.read()
    assert (notes(tables), pinned(tables)) == ({"t0002": "looked at"}, ["t0001"])
    with pytest.raises(InputError, match="not a result directory"):
        ask(where.root / "none", Pin("t0001"))


def test_a_directory_without_its_journal_keeps_its_results(where: ResultDir) -> None:
    where.journal.unlink()
    before = where.read()
    answer = ask(where, Pin("t0001"))
    assert answer == Answer("refused", f"{where.journal} is missing, which holds pins and notes")
    assert where.read() == before


def test_who_marks_a_trial_waits_for_another_one(where: ResultDir) -> None:
    other = threading.Event()

    def mark() -> None:
        with file_lock.locked(where.lock, wait=False):
            where.lock.write_text(f"{MARKING}1 on here\n")
            other.set()
            time.sleep(0.3)

    thread = threading.Thread(target=mark)
    thread.start()
    assert other.wait(30)
    assert ask(where, Pin("t0001")) == Answer("accepted", "t0001 is pinned")
    thread.join()
    assert not (where.root / "requests").exists()
    assert not where.lock.exists(), "nobody who marks trials is taken for a sweep that ran here"
    with locked(where), pytest.raises(InputError, match="a sweep has begun to run here"):
        mark_ended(where, Pin("t0002"))
    assert where.lock.read_text().startswith("process ")
    assert ask(where, Pin("t0002")).accepted
    assert where.lock.read_text().startswith("process "), "it ran here"


def test_a_sweep_that_has_just_begun_is_stopped(where: ResultDir) -> None:
    with locked(where):
        placed = place(where, StopSweep())
        inbox = Inbox(where)
        assert list(inbox.new()) == [(placed.id, StopSweep())]


def test_a_request_waits_for_a_sweep_that_reads_its_images(tmp_path: Path) -> None:
    """Its journal begins after that; a directory without one is no result directory otherwise."""
    where = ResultDir.create(tmp_path, "sweep")
    with pytest.raises(InputError, match=r"has no results|not a result directory"):
        place(where, Resize(2))
    with running(where) as inbox:
        placed = place(where, Resize(2))
        assert list(inbox.new()) == [(placed.id, Resize(2))]


def test_a_request_that_comes_again_has_the_same_answer(where: ResultDir) -> None:
    refused = Answer("refused", "no")
    with running(where) as inbox:
        placed = place(where, Add(2))
        inbox.answer(placed.id, refused)
        placed.place.put(f"{placed.id}.json", to_data(Add(2)))
        assert list(inbox.new()) == []
        assert placed.answer() == refused


def test_marks_are_in_the_parquet_files_and_the_journal(where: ResultDir) -> None:
    tables = where.read()
    assert (size(tables), to_stop(tables), pinned(tables), notes(tables)) == (None, [], [], {})
    writer = ResultWriter(where, tables=tables)
    writer.write(
        {"event": "resize", "max_concurrent": 2, "request": "1"},
        {"event": "stop_trials", "trials": ["t0001", "t0002"], "request": "2"},
        {"event": "end", "trial": "t0002", "state": "stopped"},
        {"event": "note", "trial": "t0001", "text": "slow"},
    )
    writer.close()
    assert list(tables.trials["t0001"]) == list(ResultDir(where.root).read().trials["t0001"])
    where.journal.unlink()
    found = where.read()
    assert (size(found), to_stop(found), notes(found)) == (2, ["t0001"], {"t0001": "slow"})


def test_what_a_killed_sweep_has_not_answered(where: ResultDir) -> None:
    with running(where) as inbox:
        stop, more, done = (place(where, r) for r in (StopSweep(), Add(2), Resize(2)))
        del inbox  # killed
    with locked(where):
        inbox = Inbox(where, done=[done.id])
        assert [request for _, request in inbox.new()] == [Add(2)]
        assert stop.answer() == Answer("accepted", "the sweep had ended already")
        assert done.answer() == Answer("accepted", "has been done")
        inbox.close("too late")
        assert more.answer() == Answer("refused", "too late")
    with running(where):
        waiting = ask(where, Add(1), wait_s=0.2)
    assert waiting.state == "waiting"


def test_requests_come_through_an_object_store_and_answers_go_back(where: ResultDir) -> None:
    with serving_all():
        remote = Remote("s3://sweeps/steered")
        remote.put(where.journal, where.journal.name)
        with pytest.raises(InputError, match=r"s3://sweeps/steered: no sweep runs here; resume it"):
            place(remote.url, Resize(2))
        beat(remote)
        placed, late = place(remote.url, Resize(2)), place(remote.url, Pin("t0001"))
        assert not (where.root / "requests").exists()
        with running(where) as inbox:
            mirror = StoreMirror(where, remote, print)
            mirror.remote.child("requests").delete(f"{late.id}.json")  # it comes at the very end
            mirror.start()
            while not (taken := list(inbox.new())):
                time.sleep(0.05)
            assert taken == [(placed.id, Resize(2))]
            inbox.answer(placed.id, Answer("accepted", "at most 2 run at a time"))
            placed.place.put(f"{late.id}.json", to_data(Pin("t0001")))
            inbox.close("too late")
            mirror.finish(())
        answer = placed.answer()
        assert answer == Answer("accepted", "at most 2 run at a time")
        assert (late.answer() or answer).state == "refused"
        assert not [name for name in remote.files() if name.startswith("requests/")]
