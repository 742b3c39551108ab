"""Images per CPU-second: K trials as one fused model against the same K trials, each alone.

Both sides are `tune_mc1.training.run_trials.run_trials` with all metrics, validation and
checkpoints.
An epoch of the fused side and one of each trial alone take turns.

On a GPU (`--gpu`) wall time counts. Both sides replay recorded steps there; with `--eager` the
trials alone do theirs operation by operation, as most programs do.
"""

import logging
import tempfile
import threading
import time
import warnings
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import tests.benchmarks.own_networks  # noqa: F401  registers them
from tests.benchmarks.common import Figure, images, parser, publish, ratios
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Holdout
from tune_mc1.data.images import ImageData
from tune_mc1.training import module
from tune_mc1.training.run_trials import run_trials
from tune_mc1.training.steps import Steps

RATES = (0.01, 0.03, 0.02, 0.015)

CPU_GOALS = {
    ("CNN", 8, 1): ">= 2.6",
    ("CNN", 8, 8): ">= 2",
    ("CNN2", 8, 1): ">= 2",
    ("CNN3", 8, 1): ">= 1.4",
    ("SmallCNN", 8, 1): ">= 1.6",
}
"""By model, trials and seeds."""


class Side(threading.Thread):
    """Trials that run an epoch when they are told to.

    Args:
        groups: Trials that are trained together.
        data: The images.
    """

    def __init__(self, groups: Sequence[Sequence[Trial]], data: ImageData) -> None:
        super().__init__(daemon=True)
        self.groups, self.data = groups, data
        self.spent: list[float] = []
        self._go, self._done = threading.Semaphore(0), threading.Semaphore(0)

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
                    gpu=False,
                )
        self._done.release()

    def _wait(self) -> None:
        self._go.acquire()
        self._began = time.thread_time()

    def _report(self, rows: Any, ends: Any = ()) -> tuple[str, ...]:
        self.spent.append(time.thread_time() - self._began)
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
    goal = "" if args.gpu else CPU_GOALS.get(case, "")
    goal = {"SmallCNN": ">= 6", "SmallResNet": ">= 2.5"}.get(args.model, goal) if args.gpu else goal
    goal = ">= 20" if case == ("CNN", 30, 1) and args.gpu and not args.eager else goal
    count = len(data.train_labels) * 0.9 * args.trials
    figures = [
        Figure(f"{args.trials} trials fused, against alone", ratios(alone, fused), goal=goal),
        Figure("images a second, fused", [count / s for s in fused]),
        Figure("images a second, alone", [count / s for s in alone]),
    ]
    facts = {k: getattr(args, k) for k in ("model", "batch_size", "seeds", "precision", "eager")}
    publish(figures, args.json, data=data.name, images=args.images, **facts)


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
    return on_gpu(args, trials, data) if args.gpu else in_turns(args, trials, data)


def in_turns(
    args: Any, trials: Sequence[Trial], data: ImageData
) -> tuple[list[float], list[float]]:
    """Both sides epoch by epoch."""
    together = Side([trials], data)
    single = [Side([[t]], data) for t in trials]
    for side in (together, *single):
        side.start()
        side.epoch()  # a first one, which sets up
    for run in range(args.runs):
        together.epoch()
        for side in single:
            side.epoch()
        alone = sum(side.spent[-1] for side in single)
        print(f"run {run + 1}: fused {together.spent[-1]:.3f}, alone {alone:.3f}")
    alone_spent = [sum(s.spent[i] for s in single) for i in range(1, args.runs + 1)]
    return alone_spent, together.spent[1 : args.runs + 1]


def on_gpu(args: Any, trials: Sequence[Trial], data: ImageData) -> tuple[list[float], list[float]]:
    """One side after the other; a few trials alone stand for all, which do the same work."""
    fused = epochs_on_gpu(trials, data)
    if args.eager:
        setattr(module, "GraphSteps", _eager)  # noqa: B010
    few = [epochs_on_gpu([trial], data) for trial in trials[:3]]
    alone = [sum(spent) * len(trials) / len(few) for spent in zip(*few, strict=True)]
    for run, pair in enumerate(zip(fused, alone, strict=True), 1):
        print("run {}: fused {:.3f}, alone {:.3f}".format(run, *pair), flush=True)
    return alone, fused


def epochs_on_gpu(trials: Sequence[Trial], data: ImageData) -> list[float]:
    """Wall time of each epoch but the first two, in which a step is recorded."""
    marks: list[float] = []

    def report(rows: Any, ends: Any = ()) -> tuple[str, ...]:
        marks.append(time.perf_counter())
        return ()

    with tempfile.TemporaryDirectory() as folder:
        run_trials(trials, data, Holdout(), checkpoints=Path(folder).joinpath, report=report)
    return [after - before for before, after in pairwise(marks[1:])]


def _eager(model: Any, loss_of: Any, optimizer: Any, _: Any, *rest: Any) -> Steps:
    return Steps(model, loss_of, optimizer)


if __name__ == "__main__":
    main()
