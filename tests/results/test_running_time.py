"""A program's trials have run for the time of their attempts, whatever came in between."""

from pathlib import Path
from typing import Any

from tune_mc1.results.directory import ResultDir
from tune_mc1.results.tables import SweepTables


def event(kind: str, time: float, **fields: Any) -> Any:
    return {"event": kind, "time": time, "trial": "t1", **fields}


def tables_of(*events: Any) -> SweepTables:
    tables = SweepTables()
    head: Any = {
        "metric": "acc",
        "maximize": True,
        "format": 2,
        "program": "t.py",
        "parameters": {},
    }
    tables.apply(event("sweep", 0.0, **head))
    tables.apply(event("trial", 0.0, config={}, config_hash="h", fold=None))
    tables.apply_all(events)
    return tables


def log(time: float) -> Any:
    return event("epoch", time, epoch=1, seconds=1.0, metrics={"acc": 0.5})


def start(time: float) -> Any:
    return event("start", time, log="logs/t1.log")


def running(tables: SweepTables) -> float:
    return tables.running.of(tables.trials["t1"])


def test_each_attempt_counts(tmp_path: Path) -> None:
    whole = [start(10.0), log(15.0), event("end", 20.0, state="completed")]
    assert running(tables_of(*whole)) == 10.0
    retried = [start(0.0), event("retry", 4.0, error="e"), *whole]
    assert running(tables_of(*retried)) == 14.0
    killed = [start(0.0), log(3.0), {"event": "resume", "time": 5.0}, *whole]
    assert running(tables_of(*killed)) == 13.0
    interrupted = [start(0.0), event("end", 2.0, state="interrupted"), *whole]
    assert running(tables_of(*interrupted)) == 12.0
    where = ResultDir.create(tmp_path, "r")
    half = tables_of(*retried[:4])
    where.write_tables(half, 0)
    again = where.read()
    assert again.trials["t1"]["seconds"] == 1.0
    assert running(again) == running(half) == 9.0, "up to its last log"
    again.apply(whole[-1])
    assert running(again) == 14.0
