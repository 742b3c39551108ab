"""Writers that are cut off at every write, full disks, damaged files."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch

from tests.results.test_results import SWEEP, epoch_event, write_sweep
from tests.support.one_trial import numbers, run
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.data.images import ImageData
from tune_mc1.errors import InputError, SweepStopped
from tune_mc1.files import replacing
from tune_mc1.planning.past import read_past
from tune_mc1.planning.rungs import RungEntry, rung_entry, rung_event
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import FORMAT, trial_event
from tune_mc1.results.journal import Journal, read_events
from tune_mc1.results.writer import ResultWriter
from tune_mc1.training.last_checkpoint import epochs_done


class _Cut(BaseException):
    """The power went."""


def test_a_journal_cut_at_every_byte_keeps_what_was_whole(tmp_path: Path) -> None:
    whole = tmp_path / "whole.jsonl"
    written = [{"event": f"e{i}", "text": "ä" * i} for i in range(4)]
    Journal(whole).write(*written)
    content = whole.read_bytes()
    ends = [i + 1 for i, byte in enumerate(content) if byte == 10]
    for cut in range(len(content) + 1):
        path = tmp_path / "cut.jsonl"
        path.write_bytes(content[:cut])
        kept = written[: sum(end <= cut for end in ends)]
        assert [event for event, _ in read_events(path)] == kept
        again = Journal(path)
        again.write({"event": "more"})
        again.close()
        events = [event for event, _ in read_events(path)]
        # a line that lacked nothing but its end is whole after all
        assert events[: len(kept)] == kept
        assert events[-1] == {"event": "more"}
        assert len(events) - 1 in (len(kept), len(kept) + (cut + 1 in ends))


def test_a_sweep_cut_at_every_byte_of_its_journal_can_be_read(tmp_path: Path) -> None:
    where = ResultDir.create(tmp_path, "whole")
    writer = ResultWriter(where, interval_s=1e9)
    write_sweep(writer)
    content = where.journal.read_bytes()
    for cut in range(len(content)):
        where.journal.write_bytes(content[:cut])
        tables = where.read()
        rows = [r for r in tables.history.values() if r["trial"] == "t0001"]
        assert [r["epoch"] for r in rows] == list(range(1, len(rows) + 1))
        if tables.trials:
            assert tables.trials["t0001"]["epochs_run"] == len(rows)


STEPS: dict[str, tuple[Any, str]] = {
    "open": (Path, "open"),
    "write": (pq, "write_table"),
    "fsync": (os, "fsync"),
    "replace": (Path, "replace"),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("nth", [1, 2])
def test_tables_cut_at_every_step_are_the_old_or_the_new_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, nth: int
) -> None:
    where = ResultDir.create(tmp_path, "unit")
    writer = ResultWriter(where, interval_s=1e9)
    write_sweep(writer)
    writer.compact()
    writer.write(epoch_event("t0002", 2, 0.9))
    owner, name = STEPS[step]
    real: Callable[..., Any] = getattr(owner, name)
    calls = 0

    def cut(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == nth:
            if step == "write":
                args[1].write(b"PAR1 half of a file")
            raise _Cut
        return real(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, cut)
        with pytest.raises(_Cut):
            writer.compact()
    for path in (where.trials, where.history):
        pq.read_table(path)
    tables = where.read()
    assert tables.trials == writer.tables.trials
    assert tables.history == writer.tables.history
    assert not list(where.root.glob("*.tmp"))


def test_what_is_replaced_stays_when_its_successor_fails(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("old")

    def fail() -> None:
        with replacing(file) as aside:
            aside.write_text("half")
            raise _Cut

    with pytest.raises(_Cut):
        fail()
    assert file.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("write", ["fdatasync", "fsync"])
def test_a_full_disk_stops_the_sweep_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: str
) -> None:
    where = ResultDir.create(tmp_path, "unit")
    writer = ResultWriter(where, interval_s=1e9)
    write_sweep(writer)
    before = where.read()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, write, full)
        with pytest.raises(SweepStopped, match="cannot be written: No space left on device"):
            writer.write(epoch_event("t0002", 2, 0.9)) if write == "fdatasync" else writer.close()
    assert where.read().history == before.history
    if write == "fdatasync":  # there is room again
        writer.write(epoch_event("t0002", 2, 0.9))
        assert len(where.read().history) == len(before.history) + 1


def test_a_directory_that_is_gone_stops_the_sweep(tmp_path: Path) -> None:
    where = ResultDir.create(tmp_path, "unit")
    writer = ResultWriter(where)
    write_sweep(writer)
    where.journal.unlink()
    with pytest.raises(SweepStopped, match="deleted while the sweep ran"):
        writer.write(epoch_event("t0002", 2, 0.9))


def test_an_epoch_that_ran_twice_counts_once(tmp_path: Path) -> None:
    where = ResultDir.create(tmp_path, "unit")
    writer = ResultWriter(where)
    writer.write(SWEEP, trial_event(Trial(id="t0001", config=TrialConfig())))
    for epoch, acc in ((1, 0.5), (2, 0.7), (3, 0.6)):
        writer.write(epoch_event("t0001", epoch, acc) | {"time": 1.0 * epoch})
    row = dict(writer.tables.trials["t0001"])
    writer.write(epoch_event("t0001", 3, 0.6))  # said again by a trial that goes on
    assert writer.tables.trials["t0001"] == row
    assert writer.tables.history["t0001", 3]["time"] == 3.0
    writer.write(epoch_event("t0001", 2, 0.55) | {"seconds": 5.0})  # run again
    again = writer.tables.trials["t0001"]
    assert (again["best_epoch"], again["best_val_acc"], again["last_val_acc"]) == (3, 0.6, 0.6)
    assert again["seconds"] == 2.0 + 5.0 + 2.0
    assert again["images_per_second"] == row["images_per_second"]
    assert again["epochs_run"] == 3


@pytest.mark.parametrize("damage", ["cut", "empty", "noise", "flip"])
def test_a_damaged_checkpoint_falls_back_to_the_one_before(
    images: ImageData, tmp_path: Path, damage: str
) -> None:
    parameters: dict[str, Any] = {"learning_rate": 0.1, "epochs": 3}
    straight = run(images, tmp_path / "straight", **parameters)
    folder = tmp_path / "damaged"
    run(images, folder, **{**parameters, "epochs": 2})
    last = folder / "last.ckpt"
    whole, middle = last.read_bytes(), last.stat().st_size // 2
    content = {
        "cut": whole[:middle],
        "empty": b"",
        "noise": whole[:200] + bytes(len(whole) - 200),
        "flip": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
    }[damage]
    last.unlink()  # best.ckpt may be the same file
    last.write_bytes(content)
    assert epochs_done(folder) == 1
    rows = run(images, folder, **parameters)
    assert numbers(rows)[1:] == numbers(straight)[1:]
    states = [
        torch.load(tmp_path / d / "last.ckpt", weights_only=True)["state_dict"]
        for d in ("straight", "damaged")
    ]
    assert all(torch.equal(states[0][k], states[1][k]) for k in states[0])


def test_without_any_sound_checkpoint_a_trial_begins_anew(
    images: ImageData, tmp_path: Path
) -> None:
    straight = run(images, tmp_path / "a", epochs=2)
    folder = tmp_path / "b"
    run(images, folder, epochs=1)
    for file in folder.iterdir():
        file.unlink()
        file.write_bytes(b"no checkpoint")
    assert numbers(run(images, folder, epochs=2)) == numbers(straight)


def test_rung_events_give_back_their_entries() -> None:
    for score, cutoff, stop in ((0.5, None, False), (0.25, 0.5, True), (float("-inf"), 0.5, True)):
        entry = RungEntry("t1", 0, 3, score, cutoff, stop)
        assert rung_entry(json.loads(json.dumps(rung_event(entry)))) == entry


def test_damaged_and_newer_directories_are_named(tmp_path: Path) -> None:
    where = ResultDir.create(tmp_path, "unit")
    where.journal.write_text('{"event":"epoch","trial":"t0001","epoch":1}\n')
    with pytest.raises(InputError, match=r"journal.jsonl: broken event 'epoch' before byte"):
        where.read()
    where.journal.write_text(json.dumps({**SWEEP, "format": FORMAT + 1}) + "\n")
    with pytest.raises(InputError, match="has format 3, but this version of tune_mc1"):
        read_past(where)
    where.journal.write_text('{"event":"rung","trial":"t0001"}\n')
    sweep = Sweep.model_validate({"parameters": {}, "early_terminate": {"type": "asha"}})
    with pytest.raises(InputError, match=r"journal\.jsonl: is damaged: an event 'rung' lacks"):
        read_past(where).scheduler(sweep)


def test_a_journal_alone_is_enough(tmp_path: Path) -> None:
    where = ResultDir.create(tmp_path, "unit")
    writer = ResultWriter(where)
    write_sweep(writer)
    writer.close()
    for path in (where.trials, where.history):
        path.write_bytes(b"damaged")
    assert where.read().history == writer.tables.history
    assert read_past(where).tables.trials == writer.tables.trials
    ResultWriter(where, tables=where.read()).close()
    assert len(pd.read_parquet(where.history)) == len(writer.tables.history)
