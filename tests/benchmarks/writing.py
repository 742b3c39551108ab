"""Share of a sweep's CPU that its records take: journal, parquet files and W&B's files together.

The grid of 30 settings of the benchmark `grid`, with W&B offline. Journal, tables and parquet files
are timed in the driver by the CPU clock of their thread. W&B's part is all of the process that
writes its runs, its imports and W&B's own server included.
"""

import resource
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.benchmarks.all_processes import cpu_of_all
from tests.benchmarks.common import Figure, images, parser, publish
from tests.benchmarks.grid import INITS, write_parquet
from tune_mc1.cli.app import main as command
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.journal import Journal
from tune_mc1.results.tables import SweepTables
from tune_mc1.results.writer import ResultWriter
from tune_mc1.tracking.wandb.mirror import WandbMirror


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


TIMED = (
    ("journal", Journal, "write", time.thread_time),
    ("tables", SweepTables, "apply_all", time.thread_time),
    ("parquet", ResultDir, "write_tables", time.thread_time),
    ("parquet", ResultWriter, "write_file", time.thread_time),
    # The process has ended, and has been waited for, when this returns.
    ("W&B", WandbMirror, "finish", _children),
)


@contextmanager
def timed(spent: dict[str, float]) -> Iterator[None]:
    """Adds up the CPU-seconds of each part of the writing while a sweep runs."""
    with ExitStack() as patches:
        for part, owner, name, clock in TIMED:
            patches.enter_context(
                patch.object(owner, name, _timing(owner, name, clock, part, spent))
            )
        yield


def _timing(
    owner: type, name: str, clock: Callable[[], float], part: str, spent: dict[str, float]
) -> Callable[..., Any]:
    original = getattr(owner, name)

    def call(*args: Any, **kwargs: Any) -> Any:
        began = clock()
        try:
            return original(*args, **kwargs)
        finally:
            spent[part] += clock() - began

    return call


def main() -> None:
    """Runs the benchmark."""
    made = parser(__doc__, runs=1)
    made.add_argument("--images", type=int, default=20_000, help="training images")
    made.add_argument("--epochs", type=int, default=10)
    args = made.parse_args()
    data = images(args.images)
    shares: dict[str, list[float]] = defaultdict(list)
    totals = []
    clock = cpu_of_all()
    for _ in range(args.runs):
        with tempfile.TemporaryDirectory() as name:
            words = ["--data", str(write_parquet(data, Path(name))), "-o", f"{name}/out"]
            words += ["--set", f"epochs={args.epochs}", "--wandb", "offline"]
            words += ["--set", "weights_init_type=" + ",".join(INITS)]
            spent: dict[str, float] = defaultdict(float)
            began = clock()
            with timed(spent), patch.object(sys, "argv", ["tune_mc1", "sweep", "grid", *words]):
                run()
            totals.append(clock() - began)
        for part, seconds in spent.items():
            shares[part].append(100 * seconds / totals[-1])
    whole = [sum(values) for values in zip(*shares.values(), strict=True)]
    figures = [Figure("writing, of all CPU-seconds of the sweep", whole, "%", "<= 1")]
    figures += [Figure(part, values, "%") for part, values in shares.items()]
    figures.append(Figure("the whole sweep", totals, "CPU-s"))
    publish(figures, args.json, data=data.name, images=args.images, epochs=args.epochs)


def run() -> None:
    """The command, in this process."""
    try:
        command()
    except SystemExit as ended:
        if ended.code:
            raise RuntimeError(f"the sweep ended with status {ended.code}") from None


if __name__ == "__main__":
    main()
