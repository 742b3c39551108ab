"""How a sweep grows: 10 to 10,000 trivial trials with five reports each, fused by 16.

Each size runs in a process of its own, so that its memory is its own.
"""

import json
import resource
import tempfile
import time
from pathlib import Path

import ray

from tests.benchmarks.common import Figure, by_size, images, parser, publish
from tests.benchmarks.driver import start_ray, trivial_sweep

SIZES = (10, 100, 1000, 10_000)


def measure(trials: int) -> dict[str, float]:
    """Seconds, driver's memory and result files of one sweep."""
    data = images(1000)
    start_ray()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryDirectory() as folder:
        began, cpu = time.perf_counter(), time.process_time()
        writer = trivial_sweep(trials, 16, data, Path(folder))
        wall, spent = time.perf_counter() - began, time.process_time() - cpu
        where = writer.where
        files = [where.journal, where.trials, where.history]
        size = sum(file.stat().st_size for file in files)
        began = time.perf_counter()
        assert len(where.read().trials) == trials
        reading = time.perf_counter() - began
    ray.shutdown()
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "seconds": wall,
        "CPU-seconds": spent,
        "MB more": (after - before) / 1024,
        "KB of files": size / 1024,
        "seconds to read": reading,
    }


def main() -> None:
    """Runs the benchmark."""
    made = parser(__doc__, runs=1)
    made.add_argument("--one", type=int, help="measure one size, in this process")
    made.add_argument("--largest", type=int, default=SIZES[-1])
    args = made.parse_args()
    if args.one:
        print(json.dumps(measure(args.one)))
        return
    sizes = [size for size in SIZES if size <= args.largest]
    rows = by_size("growth", sizes, args.runs)
    figures = [
        Figure(f"{size:,} trials: {name}", [row[name] for row in rows[size]])
        for size in sizes
        for name in rows[size][0]
    ]
    publish(figures, args.json)


if __name__ == "__main__":
    main()
