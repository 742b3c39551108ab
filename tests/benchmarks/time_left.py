"""How good the estimate of the time left is: journals of sweeps, replayed.

`python -m tests.benchmarks.time_left DIRECTORY...` takes result directories, or journals packed by
gzip beside their sweep file (`name.jsonl.gz`, `name.yaml`).
"""

import statistics
import sys
from pathlib import Path

from tests.support.replayed import estimate_for, estimates, read_journal
from tune_mc1.planning.dry_run import rung_table
from tune_mc1.planning.plan import prepare

WITHIN = 0.25
PARTS = 3
"""Number of parts of the sweep's time, from a third on, that are told apart."""


def main() -> None:
    """Prints a line for each journal."""
    print(
        f"{'sweep':<36} {'estimates':>9} {'within 25 %':>12} {'in range':>9} {'median |e|':>11} "
        f"{'median e':>9}"
    )
    for place in map(Path, sys.argv[1:]):
        journal = place / "journal.jsonl" if place.is_dir() else place
        file = (
            place / "sweep.yaml" if place.is_dir() else place.with_suffix("").with_suffix(".yaml")
        )
        events = read_journal(journal)
        found = list(estimates(events, estimate_for(events, rung_table(prepare(None, file)))))
        sizes = [abs(one.error) for one in found]
        parts: list[list[float]] = [[] for _ in range(PARTS)]
        for one in found:
            part = min(PARTS - 1, int((one.done - 1 / 3) / (0.9 - 1 / 3) * PARTS))
            parts[part].append(one.error)
        by_part = " ".join(f"{statistics.median(part):+.2f}" for part in parts if part)
        within = sum(size < WITHIN for size in sizes) / len(sizes)
        covered = sum(one.in_range for one in found) / len(found)
        print(
            f"{place.name:<36} {len(sizes):>9} {within:>12.0%} {covered:>9.0%} "
            f"{statistics.median(sizes):>11.2f} "
            f"{statistics.median(one.error for one in found):>+9.2f}  by part {by_part}"
        )


if __name__ == "__main__":
    main()
