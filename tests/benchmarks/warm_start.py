"""CPU of a trial's start in a process that has run one before, up to its first optimiser step.

A sweep reuses its actors, so all its trials but the first start like this. Beside the sum stands
what the parts take.
"""

import logging
import tempfile
import time
import warnings
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

from lightning import Trainer
from torch.optim.optimizer import register_optimizer_step_post_hook

from tests.benchmarks.common import Figure, images, parser, publish
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Holdout
from tune_mc1.data.images import ImageData
from tune_mc1.training import run_trials as trial_module

PARTS = ("Group", "make_module", "make_trainer")
"""What `run_trials` calls before it fits; then come Lightning's own start and the first step."""


class SteppedError(Exception):
    """The first optimiser step is done; the rest of the trial is of no interest."""


def start(trial: Trial, data: ImageData, parts: dict[str, list[float]]) -> None:
    """Starts a trial, breaks it off after its first step, and adds to each part's values.

    Args:
        trial: What to start.
        data: The images.
        parts: CPU-seconds by part; takes one value more each.
    """
    spent: dict[str, float] = defaultdict(float)

    def timed(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            began = time.process_time()
            made = work(*args, **kwargs)
            spent[name] += time.process_time() - began
            return made

        return wrapper

    def stop(*_: Any) -> None:
        raise SteppedError

    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        for name in PARTS:
            timed_part = timed(name, getattr(trial_module, name))
            stack.enter_context(patch.object(trial_module, name, timed_part))
        began_fit = 0.0

        def fit(*args: Any, **kwargs: Any) -> None:
            nonlocal began_fit
            began_fit = time.process_time()
            real_fit(*args, **kwargs)

        real_fit = Trainer.fit
        stack.enter_context(patch.object(Trainer, "fit", fit))
        hook = register_optimizer_step_post_hook(stop)
        stack.callback(hook.remove)
        began = time.process_time()
        with suppress(SteppedError):
            trial_module.run_trials(
                [trial],
                data,
                Holdout(),
                checkpoints=lambda _: Path(folder),
                report=lambda rows, ends=(): (),
                gpu=False,
            )
        ended = time.process_time()
    spent["fit to first step"] = ended - began_fit
    spent["all"] = ended - began
    for name, seconds in spent.items():
        parts[name].append(seconds)


def main() -> None:
    """Runs the benchmark."""
    made = parser(__doc__, runs=20)
    made.add_argument("--model", default="CNN")
    made.add_argument("--batch-size", type=int, default=32)
    args = made.parse_args()
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    data = images()
    config = TrialConfig(model=args.model, batch_size=args.batch_size)
    parts: dict[str, list[float]] = defaultdict(list)
    for i in range(args.runs + 1):
        start(Trial(id=f"t{i}", config=config.model_copy(update={"seed": i})), data, parts)
    cold = parts["all"][0] * 1e3
    figures = [
        Figure("warm start to first optimiser step", _ms(parts.pop("all")), "ms", "<= 50"),
        *(Figure(f"  {name}", _ms(values), "ms") for name, values in parts.items()),
    ]
    publish(figures, args.json, model=args.model, data=data.name, first_start_ms=f"{cold:.0f}")


def _ms(seconds: list[float]) -> list[float]:
    return [s * 1e3 for s in seconds[1:]]


if __name__ == "__main__":
    main()
