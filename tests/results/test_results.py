"""Journal, tables and parquet files: what is written is what is read, also after a crash."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest

from tune_mc1.config.metrics import epoch_metrics
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.errors import InputError
from tune_mc1.files import replacing
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import start_events, trial_event
from tune_mc1.results.journal import Journal, read_events, read_records
from tune_mc1.results.schema import history_schema, trial_schema
from tune_mc1.results.tables import trial_of
from tune_mc1.results.writer import ResultWriter

SWEEP: Any = {
    "event": "sweep",
    "metric": "val_acc",
    "maximize": True,
    "data": "some-images",
    "fingerprint": "00ff",
}


def epoch_event(trial: str, epoch: int, acc: float) -> Any:
    metrics = dict.fromkeys(epoch_metrics(), 0.25) | {"val_acc": acc, "val_loss": 1 - acc}
    extra = {"learning_rate": 0.1, "steps": 10 * epoch, "seconds": 2.0, "images_per_second": 500.0}
    where = {"node": "here", "device_name": "cpu"}
    return {"event": "epoch", "trial": trial, "epoch": epoch, **metrics, **extra, **where}


def write_sweep(writer: ResultWriter) -> None:
    trials = [
        Trial(id=f"t000{i}", config=TrialConfig(learning_rate=i / 100, dropout_p=None))
        for i in (1, 2, 3)
    ]
    writer.write(SWEEP, *map(trial_event, trials))
    writer.write(*start_events(["t0001"]), *start_events(["t0002"]))
    for epoch, acc in ((1, 0.5), (2, 0.7), (3, 0.6)):
        writer.write(epoch_event("t0001", epoch, acc))
    writer.write(epoch_event("t0002", 1, 0.8))
    writer.write({"event": "end", "trial": "t0001", "state": "completed"})


@pytest.fixture
def where(tmp_path: Path) -> ResultDir:
    return ResultDir.create(tmp_path / "results", "unit")


def test_tables_say_what_the_events_said(where: ResultDir) -> None:
    writer = ResultWriter(where)
    write_sweep(writer)
    first, second, third = writer.tables.trials.values()
    assert (first["state"], second["state"], third["state"]) == ("completed", "running", "pending")
    assert (first["best_epoch"], first["best_val_acc"], first["last_val_acc"]) == (2, 0.7, 0.6)
    assert first["best_val_loss"] == pytest.approx(0.3)
    assert (first["epochs_run"], first["seconds"]) == (3, 6.0)
    assert first["images_per_second"] == pytest.approx(500)
    assert first["data"] == "some-images"
    assert [row["trial"] for row in writer.tables.ranked()] == ["t0002", "t0001", "t0003"]
    assert trial_of(first).config == TrialConfig(learning_rate=0.01)


def test_parquet_is_read_by_pandas_and_duckdb(where: ResultDir) -> None:
    writer = ResultWriter(where)
    write_sweep(writer)
    writer.close()
    frame = pd.read_parquet(where.trials)
    assert list(frame["learning_rate"]) == [0.01, 0.02, 0.03]
    assert list(frame["state"]) == ["completed", "running", "pending"]
    relation = duckdb.sql(
        f"select trial, count(*), max(val_acc) from '{where.history}' group by trial order by trial"
    )
    assert relation is not None
    counts = relation.fetchall()
    assert counts == [("t0001", 3, 0.7), ("t0002", 1, 0.8)]
    assert pq.read_schema(where.trials).equals(trial_schema(), check_metadata=False)
    assert pq.read_schema(where.history).equals(history_schema(), check_metadata=False)


def test_an_optional_number_is_a_number(where: ResultDir) -> None:
    writer = ResultWriter(where)
    trial = Trial(id="t0001", config=TrialConfig(model="CNN8", dropout_p=0.25))
    writer.write(SWEEP, trial_event(trial))
    writer.close()
    assert list(pd.read_parquet(where.trials)["dropout_p"]) == [0.25]
    assert list(pd.read_parquet(where.settings)["dropout_p"]) == [0.25]


def test_a_reader_takes_parquet_and_the_rest_of_the_journal(where: ResultDir) -> None:
    writer = ResultWriter(where)
    write_sweep(writer)
    writer.compact()
    writer.write(epoch_event("t0002", 2, 0.9))
    tables = where.read()  # the writer is still open, as if it had been killed
    assert tables == writer.tables
    assert tables.trials["t0002"]["best_epoch"] == 2
    assert (
        where.journal.stat().st_size
        > json.loads(pq.read_schema(where.trials).metadata[b"tune_mc1"])["offset"]
    )


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_line_cut_short_is_passed_over(where: ResultDir, cut: int) -> None:
    writer = ResultWriter(where)
    write_sweep(writer)
    before = where.read()
    whole = where.journal.stat().st_size
    writer.write(epoch_event("t0002", 2, 0.9))
    with where.journal.open("rb+") as file:
        file.truncate(whole + cut)
    assert where.read() == before
    again = Journal(where.journal)
    again.write(epoch_event("t0002", 2, 0.4) | {"time": 1.0})
    assert where.read().trials["t0002"]["last_val_acc"] == 0.4


def test_every_value_of_an_event_comes_back(tmp_path: Path) -> None:
    values = [float("inf"), -0.0, 5e-324, 0.1 + 0.2, 2**70, "\udce4.png", "\U0001f600", "\0"]
    journal = Journal(tmp_path / "journal.jsonl")
    journal.write({"event": "e", "values": values})
    journal.close()
    ((event, _),) = read_records(tmp_path / "journal.jsonl")
    assert [repr(v) for v in event["values"]] == [repr(v) for v in values]


def test_an_epoch_that_ran_twice_counts_once(where: ResultDir) -> None:
    writer = ResultWriter(where)
    write_sweep(writer)
    writer.write(*start_events(["t0002"]), epoch_event("t0002", 1, 0.8))
    row = writer.tables.trials["t0002"]
    assert (row["epochs_run"], row["seconds"], row["attempts"]) == (1, 2.0, 2)
    assert len(writer.tables.history) == 4


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def cut_short() -> None:
        with replacing(path) as aside:
            aside.write_text("half")
            raise InterruptedError

    with pytest.raises(InterruptedError):
        cut_short()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_unfinished_checkpoints_are_removed_and_nothing_else(where: ResultDir) -> None:
    folder = where.checkpoints("t0001")
    folder.mkdir(parents=True)
    kept = {"last.ckpt", "best.ckpt", ".state.tmp", "last.ckpt.tmp", ".hidden"}
    for name in (*kept, ".last.ckpt.17.tmp", ".partial.ckpt.4.tmp", ".best.ckpt.tmp"):
        (folder / name).write_bytes(b"some")
    where.remove_unfinished()
    assert {path.name for path in folder.iterdir()} == kept


def test_what_is_no_result_directory_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a result directory"):
        ResultDir(tmp_path).read()


def test_a_newer_format_is_named(where: ResultDir) -> None:
    writer = ResultWriter(where)
    write_sweep(writer)
    writer.close()
    for path in (where.trials, where.history):
        table = pq.read_table(path)
        footer = {"tune_mc1": json.dumps({"format": 99, "offset": 0, "facts": {}})}
        pq.write_table(table.replace_schema_metadata(footer), path)
    with pytest.raises(InputError, match="has format 99, but"):
        where.read()


def test_directories_of_the_same_second_differ(tmp_path: Path) -> None:
    made = {ResultDir.create(tmp_path, "x").root for _ in range(3)}
    assert len(made) == 3


def test_events_are_read_from_an_offset(where: ResultDir) -> None:
    journal = Journal(where.journal)
    journal.write({"event": "a"}, {"event": "b"})
    (first, offset), _ = read_events(where.journal)
    assert first == {"event": "a"}
    assert [event for event, _ in read_events(where.journal, offset)] == [{"event": "b"}]
