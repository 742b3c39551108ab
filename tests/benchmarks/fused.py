"""Images per CPU-second: K trials as one fused model against the same K trials, each alone.

Both sides are `tune_mc1.trial.run_trials` with all metrics, validation and checkpoints. An epoch of
the fused side and one of each trial alone take turns.

On a GPU (`--gpu`) wall time counts. Both sides replay recorded steps there; with `--eager` the
trials alone do theirs operation by operation, as most programs do.
"""

import logging
import tempfile
import threading
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.common import Figure, images, parser, publish, ratios
from tune_mc1 import module
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Holdout
from tune_mc1.data.images import ImageData
from tune_mc1.steps import Steps
from tune_mc1.trial import run_trials

RATES = (0.01, 0.03, 0.02, 0.015)


class Side(threading.Thread):
    """Trials that run an epoch when they are told to.

    Args:
        groups: Trials that are trained together.
        data: The images.
        gpu: Whether to run on a GPU, and measure wall time.
    """

    def __init__(self, groups: Sequence[Sequence[Trial]], data: ImageData, gpu: bool) -> None:
        super().__init__(daemon=True)
        self.groups, self.data, self.gpu = groups, data, gpu
        self.spent: list[float] = []
        self._go, self._done = threading.Semaphore(0), threading.Semaphore(0)
        self._clock = time.perf_counter if gpu else time.thread_time

    def run(self) -> None:
        """Runs all groups, epoch by epoch."""
        for trials in self.groups:
            self._wait()
            with tempfile.TemporaryDirectory() as folder:
                run_trials(
                    trials,
                    self.data,
                    Holdout(),
                    checkpoints=Path(folder).joinpath,
                    report=self._report,
                    gpu=self.gpu,
                )
        self._done.release()

    def _wait(self) -> None:
        self._go.acquire()
        self._began = self._clock()

    def _report(self, rows: Any, ends: Any = ()) -> tuple[str, ...]:
        self.spent.append(self._clock() - self._began)
        self._done.release()
        self._wait()
        return ()

    def epoch(self) -> None:
        """Lets it run an epoch."""
        self._go.release()
        self._done.acquire()


def main() -> None:
    """Runs the benchmark."""
    made = parser(__doc__, runs=5)
    made.add_argument("--images", type=int, default=8000, help="training images (default 8000)")
    made.add_argument("--batch-size", type=int, default=32)
    made.add_argument("--model", default="CNN")
    made.add_argument("--trials", type=int, default=8)
    made.add_argument("--seeds", type=int, default=1, help="seeds, which have orders of their own")
    made.add_argument("--precision", default="32")
    made.add_argument("--gpu", action="store_true")
    made.add_argument("--eager", action="store_true", help="trials alone without CUDA graphs")
    args = made.parse_args()
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    data = images(args.images)
    alone, fused = measure(args, data)
    case = (args.model, args.trials, args.seeds)
    goal = ">= 2.4" if case == ("CNN", 8, 1) and not args.gpu else ""
    goal = ">= 20" if case == ("CNN", 30, 1) and args.gpu else goal
    count = len(data.train_labels) * 0.9 * args.trials
    figures = [
        Figure(f"{args.trials} trials fused, against alone", ratios(alone, fused), goal=goal),
        Figure("images a second, fused", [count / s for s in fused]),
        Figure("images a second, alone", [count / s for s in alone]),
    ]
    facts = {k: getattr(args, k) for k in ("model", "batch_size", "seeds", "precision", "eager")}
    publish(figures, args.json, data=data.name, images=args.images, **facts)


def _eager(model: Any, loss_of: Any, optimizer: Any, _: Any) -> Steps:
    return Steps(model, loss_of, optimizer)


def measure(args: Any, data: ImageData) -> tuple[list[float], list[float]]:
    """Seconds of an epoch of all trials: each alone, and fused."""
    config = TrialConfig(
        model=args.model,
        batch_size=args.batch_size,
        epochs=args.runs + 2,
        precision=args.precision,
        weights_init_type="kaiming_normal",
    )
    trials = []
    for i in range(args.trials):
        update = {"learning_rate": RATES[i % len(RATES)] / 3, "seed": i % args.seeds}
        trials.append(Trial(id=f"t{i}", config=config.model_copy(update=update)))
    together = Side([trials], data, args.gpu)
    single = [Side([[t]], data, args.gpu) for t in trials]
    for side in (together, *single):
        side.start()
        side.epoch()  # a first one, which sets up
        if args.eager:
            setattr(module, "GraphSteps", _eager)  # noqa: B010
    for run in range(args.runs):
        together.epoch()
        for side in single:
            side.epoch()
        alone = sum(side.spent[-1] for side in single)
        print(f"run {run + 1}: fused {together.spent[-1]:.3f}, alone {alone:.3f}")
    alone_spent = [sum(s.spent[i] for s in single) for i in range(1, args.runs + 1)]
    return alone_spent, together.spent[1 : args.runs + 1]


if __name__ == "__main__":
    main()
