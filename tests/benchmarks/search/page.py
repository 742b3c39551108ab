"""`docs/search.md`: the text of `notes.md`, with tables and the figure made of the runs."""

import argparse
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.benchmarks.search.draw import draw
from tests.benchmarks.search.merit import Outcome, Verdicts, outcomes, verdicts
from tests.benchmarks.search.methods import METHODS, OURS
from tests.benchmarks.search.run import chosen_tasks
from tests.benchmarks.search.task import Task

DOCS = Path(__file__).parents[3] / "docs"
PAGE, FIGURE = DOCS / "search.md", DOCS / "search.png"
NOTES = Path(__file__).with_name("notes.md")

Results = dict[tuple[str, int], dict[str, Outcome]]


def write_page(words: argparse.Namespace) -> None:
    """Writes page and figure from the runs in a folder."""
    tasks = chosen_tasks(words)
    results: Results = {}
    for task in tasks:
        for workers in words.workers:
            if found := outcomes(task, workers, words.runs):
                results[task.name, workers] = found
    curves = [task for task in tasks if task.epochs > 1]
    named = {task.name for task in curves}
    draw({key: found for key, found in results.items() if key[0] in named}, FIGURE, DEFAULT)
    parts = [NOTES.read_text(), f"![Regret against epochs]({FIGURE.name})\n"]
    for half, title in HALVES.items():
        some = [task for task in curves if task.half == half]
        parts += [f"## {title}\n", *_verdict_lines(some, results), _table(some, results)]
    public = [t for t in tasks if t.epochs == 1 and any(name == t.name for name, _ in results)]
    if public:
        parts += ["## Tables without curves\n", PUBLIC, _by_task(public, results)]
    PAGE.write_text("\n".join(parts))
    print(f"{PAGE} and {FIGURE.name}")


DEFAULT = "bayes_screened"
"""Our default where there are curves, in `METHODS`."""

HALVES = {
    "report": "Real curves on which nothing was chosen",
    "choice": "Real curves on which settings of the searches were chosen",
}

PUBLIC = """Trials report once, so nothing can be stopped early; an epoch is a trial here, and the
budget is 200 trials. Columns say after how many trials the mean regret falls under 0.01, then the
mean after all, with a bootstrap interval of 95 %, then the number of seeds.
"""


def _verdict_lines(tasks: Sequence[Task], results: Results) -> list[str]:
    names = {task.name for task in tasks}
    flat: Mapping[str, Mapping[str, Outcome]] = {
        f"{task}, {workers}": found
        for (task, workers), found in results.items()
        if task in names and DEFAULT in found
    }
    if not flat:
        return []
    found = verdicts(DEFAULT, flat)
    return [*_goals(found), ""]


def _goals(found: Verdicts) -> list[str]:
    peer = METHODS[found.best_peer]
    highest = max(found.at_tenth, key=lambda name: found.at_tenth[name])
    mean = math.fsum(found.at_tenth.values()) / len(found.at_tenth)
    rows = [
        (f"epochs until found, against the best peer ({peer.tool}: {peer.label})",
         f"{found.against[found.best_peer]:.2f}", "at most 0.5"),
        ("the same against random search", f"{found.against['random']:.2f}", "at most 0.15"),
        (f"worst task against its best peer ({found.worst_task} workers)",
         f"{found.worst:.2f}", "at most 1.2"),
        (f"regret at a tenth of all epochs, mean (highest: {found.at_tenth[highest]:.4f})",
         f"{mean:.4f}", "under 0.003"),
    ]  # fmt: skip
    lines = ["| figure | measured | goal |", "|---|---|---|"]
    return lines + [f"| {name} | {value} | {goal} |" for name, value, goal in rows]


def _table(tasks: Sequence[Task], results: Results) -> str:
    """Epochs until found and regret at a tenth, by method; columns are tasks and workers."""
    columns = [key for task in tasks for key in results if key[0] == task.name]
    methods = [m for m in METHODS if any(m in results[key] for key in columns)]
    head = [f"{task}, {workers}" for task, workers in columns]
    lines = ["| tool | search | " + " | ".join(head) + " |", "|---|---|" + "---|" * len(head)]
    for method in methods:
        cells = [_cell(results[key].get(method)) for key in columns]
        entry = METHODS[method]
        bold = "**" if method == DEFAULT else ""
        tool = entry.tool if entry.tool != OURS else f"`{OURS}`"
        lines.append(f"| {tool} | {bold}{entry.label}{bold} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _by_task(tasks: Sequence[Task], results: Results) -> str:
    """The same with tasks and workers as rows, and methods as columns."""
    rows = [key for task in tasks for key in results if key[0] == task.name]
    methods = [m for m in METHODS if any(m in results[key] for key in rows)]
    head = [f"{METHODS[m].tool}: {METHODS[m].label}" for m in methods]
    lines = ["| table, workers | " + " | ".join(head) + " |", "|---|" + "---|" * len(head)]
    for task, workers in rows:
        cells = [_cell(results[task, workers].get(m)) for m in methods]
        lines.append(f"| {task}, {workers} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(outcome: Outcome | None) -> str:
    """Epochs until the mean regret is under 0.01, regret at a tenth with its interval, seeds."""
    if outcome is None:
        return ""
    length = outcome.regret.shape[1]
    found = outcome.found_after
    low, high = outcome.interval([min(outcome.tenth, length)])[:, 0]
    epochs = f"> {length}" if found is None else str(found)
    seeds = len(outcome.regret)
    return f"{epochs}; {outcome.at_tenth:.4f} ({low:.4f} to {high:.4f}); {seeds}"
