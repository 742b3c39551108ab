"""A dry run's CPU-time, against that of the libraries that any command imports.

The command `sweep grid --dry-run` in a process of its own, over a process that imports Typer, Rich,
pydantic and PyYAML: the ratio is 1 for a command that does nothing.
"""

import subprocess
import sys
from functools import partial

from tests.benchmarks.common import Figure, alternate, cpu_seconds, parser, publish, ratios

LIBRARIES = ["-c", "import pydantic.main, rich.console, typer.main, yaml"]
DRY_RUN = ["-m", "tune_mc1", "sweep", "grid", "--dry-run", "--data", "shapes10"]


def process(words: list[str]) -> float:
    """CPU-seconds of a Python process."""
    run = partial(subprocess.run, [sys.executable, *words], stdout=subprocess.DEVNULL, check=True)
    return cpu_seconds(run)


def main() -> None:
    """Runs the benchmark."""
    args = parser(__doc__, runs=11).parse_args()
    sides = {"dry run": partial(process, DRY_RUN), "libraries": partial(process, LIBRARIES)}
    values = alternate(sides, args.runs)
    figures = [
        Figure("dry run over its libraries alone", ratios(values["dry run"], values["libraries"])),
        Figure("dry run", values["dry run"], "CPU-s", "<= 0.4"),
        Figure("libraries alone", values["libraries"], "CPU-s"),
    ]
    publish(figures, args.json)


if __name__ == "__main__":
    main()
