"""Settings of the head of a frozen network: on features computed once, and computed each epoch.

Both sides run in turn in one process, a setting at a time, with checkpoints as in a sweep. The
weights are random, which costs the same as others.
"""

import logging
import tempfile
import time
from collections.abc import Collection, Sequence
from itertools import product
from pathlib import Path
from unittest.mock import patch

from tests.benchmarks.common import Figure, images, parser, publish
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Holdout
from tune_mc1.data.images import ImageData
from tune_mc1.results.schema import Row
from tune_mc1.training import inputs
from tune_mc1.training.run_trials import run_trials

RATES = (0.3, 0.1, 0.03, 0.01)
DECAYS = (0.0, 1e-4, 1e-3)


def _report(rows: Sequence[Row], ends: Sequence[Row] = ()) -> Collection[str]:
    return ()


def seconds(trial: Trial, data: ImageData, root: Path, *, once: bool) -> float:
    """Wall time of a trial.

    Args:
        trial: A setting of the head.
        data: The images.
        root: For its checkpoints, and for the features of all trials.
        once: Whether features are computed once for all trials, or in each epoch.
    """
    began = time.perf_counter()
    with patch.object(inputs, "has_features", lambda _: once):
        run_trials(
            [trial],
            data,
            Holdout(holdout=0.1),
            checkpoints=lambda name: root / f"{name}-{once}",
            report=_report,
            shared=root / "features",
        )
    return time.perf_counter() - began


def main() -> None:
    """Measures the settings."""
    arguments = parser(__doc__, runs=1)
    arguments.add_argument("--model", default="timm:resnet18")
    arguments.add_argument("--images", type=int, default=2000)
    arguments.add_argument("--epochs", type=int, default=20)
    given = arguments.parse_args()
    logging.getLogger("lightning").setLevel(logging.ERROR)
    data = images(given.images)
    totals: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(given.runs):
        spent = dict.fromkeys(totals, 0.0)
        with tempfile.TemporaryDirectory() as folder:
            for i, (rate, decay) in enumerate(product(RATES, DECAYS)):
                config = TrialConfig(
                    model=given.model,
                    freeze="backbone",
                    learning_rate=rate,
                    weight_decay=decay,
                    epochs=given.epochs,
                )
                for once in totals:
                    took = seconds(Trial(id=f"t{i}", config=config), data, Path(folder), once=once)
                    print(f"setting {i + 1}: {'once' if once else 'each epoch'} {took:.2f} s")
                    spent[once] += took
        for once, total in spent.items():
            totals[once].append(total)
    gains = [each / once for once, each in zip(totals[True], totals[False], strict=True)]
    publish(
        [
            Figure("12 settings, features once", totals[True], "s"),
            Figure("12 settings, features in each epoch", totals[False], "s"),
            Figure("gain", gains, goal=">= 8"),
        ],
        given.json,
        model=given.model,
        images=given.images,
        epochs=given.epochs,
    )


if __name__ == "__main__":
    main()
