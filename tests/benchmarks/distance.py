"""Many short trials on nodes far from the driver, in the lab of hosts (`tests/lab`; needs root).

The head runs the driver and takes no trials; two nodes of one core each run them. Every frame from
and to the head is held for half of the round trip. Sweeps with and without it alternate on one
cluster.
"""

import tempfile
import time
from pathlib import Path

from tests.benchmarks.common import Figure, alternate, parser, publish, ratios
from tests.lab.onprem import Place, onprem
from tests.lab.sweeping import Sweep

CPUS = {4: 0, 5: 1, 6: 1}
GOAL = 1.2


def content(trials: int, epochs: int, early: bool) -> dict[str, object]:
    """A sweep file: trials that differ in their seed alone."""
    stopping = {"early_terminate": {"type": "asha", "min_iter": 1, "eta": 2}} if early else {}
    return {
        "method": "grid",
        "parameters": {
            "model": {"value": "CNN_simple"},
            "seed": {"values": list(range(trials))},
            "epochs": {"value": epochs},
        },
        "resources": {"cpu": 1},
        "fuse": "off",
        **stopping,
    }


class Measured:
    """Runs the sweep time and again, and keeps what each took.

    Args:
        place: The cluster.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self.trials: dict[float, list[float]] = {}
        self._count = 0

    def __call__(self, round_trip: float) -> float:
        """Seconds of a sweep, from its command to its end."""
        self.place.lab.distance(self.place.head, round_trip / 2)
        self._count += 1
        began = time.monotonic()
        sweep = self.place.sweep(f"sweep{self._count}", at_head=True)
        status = sweep.wait(900)
        seconds = time.monotonic() - began
        assert status == 0, sweep.log.read_text()
        self.trials.setdefault(round_trip, []).append(sweep.seconds())
        print(f"  {_gaps(sweep)}", flush=True)
        return seconds


def _gaps(sweep: Sweep) -> str:
    """What is between the epochs of a trial, and between two trials of a process."""
    epochs = sweep.events("epoch")
    busy = sum(e["seconds"] for e in epochs)
    count = len(sweep.events("start"))
    return f"{sweep.seconds():.1f} s of trials; {busy / count:.3f} s of epochs per trial"


def main() -> None:
    """Measures and prints."""
    arguments = parser(__doc__, runs=2)
    arguments.add_argument("--trials", type=int, default=64)
    arguments.add_argument("--epochs", type=int, default=5)
    arguments.add_argument("--round-trip", type=float, default=0.1, help="seconds (default 0.1)")
    arguments.add_argument("--early", action="store_true", help="with early stopping")
    given = arguments.parse_args()
    far = given.round_trip
    with tempfile.TemporaryDirectory() as folder:
        shared, lab = (Path(folder, name) for name in ("shared", "lab"))
        shared.mkdir()
        lab.mkdir()
        sweeps = content(given.trials, given.epochs, given.early)
        with onprem(shared, lab, sweeps, CPUS, far=[4]) as place:
            place.up()
            run = Measured(place)
            whole = alternate(
                {"near": lambda: run(0.0), "far": lambda: run(far)}, given.runs, warm_up=False
            )
    figures = [
        Figure("sweep, command to end, near", whole["near"], "s"),
        Figure("sweep, command to end, far", whole["far"], "s"),
        Figure("far / near", ratios(whole["far"], whole["near"]), goal=f"<= {GOAL}"),
        Figure("first start to last end, near", run.trials[0.0], "s"),
        Figure("first start to last end, far", run.trials[far], "s"),
        Figure("far / near", ratios(run.trials[far], run.trials[0.0]), goal=f"<= {GOAL}"),
    ]
    facts = {"trials": given.trials, "epochs": given.epochs, "round_trip_s": far}
    publish(figures, given.json, **facts)


if __name__ == "__main__":
    main()
