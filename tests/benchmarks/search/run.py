"""Runs searches on tasks and keeps what is finished."""

import argparse
import time
from pathlib import Path

from tests.benchmarks.search.methods import METHODS
from tests.benchmarks.search.recorded import public_tasks, recorded_tasks
from tests.benchmarks.search.simulate import simulate
from tests.benchmarks.search.store import Piece, read_runs, write_runs
from tests.benchmarks.search.task import Task

SHARE = 3
"""Searches with curves get this part of the epochs that training all settings takes; random all."""

TRIALS = 200
"""Trials of each search on a table without curves."""


def budget(task: Task, method: str) -> int:
    """Epochs of a run."""
    if task.epochs == 1:
        return TRIALS
    return task.whole if method == "random" else task.whole // SHARE


def run(words: argparse.Namespace) -> None:
    """Runs what the words ask for and is not in the folder yet, a piece at a time."""
    for task in chosen_tasks(words):
        for method, entry in METHODS.items():
            fits = entry.curves if task.epochs > 1 else entry.public
            if fits and (not words.methods or method in words.methods):
                for workers in words.workers:
                    _run_piece(task, Piece(task.name, method, workers), words.seeds, words.runs)


def chosen_tasks(words: argparse.Namespace) -> list[Task]:
    """All tasks, or those that were named."""
    tasks = recorded_tasks(words.curves) if words.curves.exists() else []
    names = {task.name for task in tasks}
    if not words.tasks or not names.issuperset(words.tasks):
        tasks += public_tasks()
    return [task for task in tasks if not words.tasks or task.name in words.tasks]


def _run_piece(task: Task, piece: Piece, seeds: int, folder: Path) -> None:
    runs = read_runs(piece, folder)
    left = [seed for seed in range(seeds) if seed not in runs]
    began = time.process_time()
    for seed in left:
        method = METHODS[piece.method].make(task, seed)
        runs[seed] = simulate(task, method, piece.workers, budget(task, piece.method))
    if left:
        write_runs(piece, folder, runs)
        each = (time.process_time() - began) / len(left)
        print(f"{piece.task} {piece.method} {piece.workers}: {each:.2f} s a run", flush=True)
