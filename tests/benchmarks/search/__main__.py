"""How much training searches need: `python -m tests.benchmarks.search [run | page]`.

`run` replays recorded curves through every search, in simulated time, and keeps finished runs in a
folder; run again, it goes on. `page` writes `docs/search.md` and its figure from them. Peers need
`pip install -r tests/benchmarks/search/requirements.txt`, best in an environment of their own.
"""

import argparse
from pathlib import Path

from tests.benchmarks.search.record import CURVES
from tests.benchmarks.search.run import run


def main() -> None:
    """Runs one of the two steps, or both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", nargs="?", choices=("run", "page"), help="one step (default both)")
    parser.add_argument("--runs", type=Path, default=Path("search-runs"), help="folder of runs")
    parser.add_argument("--curves", type=Path, default=CURVES, help="file of recorded curves")
    parser.add_argument("--seeds", type=int, default=30, help="runs of each search (default 30)")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 4, 16], help="trials at once")
    parser.add_argument("--tasks", nargs="+", default=[], help="only these")
    parser.add_argument("--methods", nargs="+", default=[], help="only these")
    words = parser.parse_args()
    if words.step != "page":
        run(words)
    if words.step != "run":
        from tests.benchmarks.search.page import write_page

        write_page(words)


if __name__ == "__main__":
    main()
