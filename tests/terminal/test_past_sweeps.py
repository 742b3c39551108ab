"""A past sweep in the terminal: its state, how it is resumed, and each failure said once."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.support.in_process import run_here
from tests.support.served_page import SWEEP, made_sweep, name
from tune_mc1.results.directory import STORAGE_URL, ResultDir
from tune_mc1.results.events import Event
from tune_mc1.results.growth_events import ENDING
from tune_mc1.results.journal import Journal
from tune_mc1.results.lock import locked
from tune_mc1.terminal.live_view import SweepView
from tune_mc1.terminal.printing import print_result


def cut(root: Path, after: str) -> ResultDir:
    """A random sweep of three trials whose driver was killed after the first event of a kind."""
    where = made_sweep(root, 3, 2)
    lines = where.journal.read_text().splitlines(keepends=True)
    place = next(i for i, line in enumerate(lines) if json.loads(line)["event"] == after)
    for path in (where.trials, where.history, where.settings):
        path.unlink(missing_ok=True)
    where.journal.write_text("".join(lines[: place + 1]))
    return where


def shown(where: ResultDir) -> str:
    done = run_here("show", where.root, cwd=where.root)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("after", "state"),
    [
        ("sweep", "no trial was planned yet"),
        ("trial", "0 of 1 trials ended"),
        ("start", "0 of 3 trials ended"),
        ("end", "1 of 3 trials ended"),
    ],
)
def test_a_killed_sweep_says_how_it_is_resumed(tmp_path: Path, after: str, state: str) -> None:
    where = cut(tmp_path / "made", after)
    lines = shown(where).splitlines()
    assert f"State: interrupted, {state}" in lines
    assert f"Resume: python -m tune_mc1 sweep random --resume {where.root}" in lines
    assert any(line.startswith("#  trial") for line in lines) == (after != "sweep")
    done = run_here("show", where.root, "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["sweep"]["status"] == "interrupted"
    assert "(interrupted)" in run_here("list", tmp_path, cwd=tmp_path, COLUMNS="200").stdout


def test_a_sweep_that_runs_is_not_resumed(tmp_path: Path) -> None:
    where = cut(tmp_path / "made", "start")
    with locked(where):
        text = shown(where)
        listed = run_here("list", tmp_path, cwd=tmp_path, COLUMNS="200").stdout
    assert "State: running, 0 of 3 trials ended" in text
    assert "--resume" not in text
    assert "interrupted" not in listed


@pytest.mark.parametrize("ended", ["all trials", "the budget"])
def test_a_sweep_that_has_finished_says_neither(tmp_path: Path, ended: str) -> None:
    where = made_sweep(tmp_path / "made", 3, 2, running=int(ended == "the budget"))
    if ended == "the budget":
        journal = Journal(where.journal)
        journal.write({"event": "enough", "reason": "budget", "time": 1e9})
        journal.close()
        assert ENDING in where.read().metadata
    assert "State:" not in shown(where)
    assert "--resume" not in shown(where)


def test_a_single_trial_is_resumed_by_its_own_command(tmp_path: Path) -> None:
    where = cut(tmp_path / "made", "start")
    where.provenance.write_text(json.dumps({"command": ["python", "-m", "tune_mc1", "train"]}))
    assert f"Resume: python -m tune_mc1 train --resume {where.root}\n" in shown(where)


def test_a_sweep_in_a_store_is_resumed_from_there(tmp_path: Path) -> None:
    where = cut(tmp_path / "made", "start")
    (where.root / STORAGE_URL).write_text("s3://bucket/none/made")
    where.lock.touch()  # it ran here
    assert "Resume: python -m tune_mc1 sweep random --resume s3://bucket/none/made" in shown(where)


def test_a_sweep_that_was_cut_off_while_it_read_its_images(tmp_path: Path) -> None:
    where = ResultDir.create(tmp_path, "early")
    where.sweep_file.write_text(SWEEP.format(trials=3, epochs=2))
    done = run_here("show", where.root, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.strip().endswith("or has yet to read its images")


def test_a_trial_in_detail_has_whole_lines_and_the_times_of_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")  # less than a path takes
    where = made_sweep(tmp_path / "made", 3)
    done = run_here("show", where.root, "t0002", cwd=tmp_path)
    facts = dict(line.split(None, 1) for line in done.stdout.splitlines() if "  " in line)
    assert facts["log"] == str(where.root / "logs" / "t0002.log")
    assert facts["time"] == "6s"  # six epochs of a second, though it ended a minute after its start
    monkeypatch.setenv("COLUMNS", "200")
    (row,) = [line for line in shown(where).splitlines() if " t0002 " in line]
    assert row.split()[-1] == "6s"


def failing(where: ResultDir) -> list[Event]:
    """The ends of two trials that fail."""
    ends: list[Any] = [
        {"event": "end", "trial": name(i), "state": "failed", "time": 1e9, "error": f"oh no {i}"}
        for i in (1, 2)
    ]
    return ends


def test_a_failure_is_said_once(tmp_path: Path) -> None:
    """Where it was said as it came, the end names the trial and its log; otherwise the reason."""
    where = made_sweep(tmp_path / "made", 3, running=2)
    tables, out = where.read(), StringIO()
    earlier, now = failing(where)
    tables.apply(earlier)
    console = Console(file=out, width=200)
    view = SweepView(console, 3)
    with view.showing(tables):
        tables.apply(now)
    assert (out.getvalue().count("oh no 1"), out.getvalue().count("oh no 2")) == (0, 1)
    print_result(where, tables, console, said=view.said)
    text = out.getvalue()
    assert (text.count("oh no 1"), text.count("oh no 2")) == (1, 1)
    assert f"Failed: {name(1)}: oh no 1 (log: {where.root}/logs/{name(1)}.log)" in text
    assert f"Failed: {name(2)} (log: {where.root}/logs/{name(2)}.log)" in text
