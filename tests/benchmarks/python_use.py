"""Results in Python: the trials of a large sweep with all imports, and predictions of images.

`tune_mc1.open(DIR).trials` runs in a process of its own each time, in turns with what it cannot do
without: importing pandas and pyarrow, and reading the parquet file. `--against DIRECTORY` measures
the checkout of another version as well. `predict` runs in turns with a bare loop over batches.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from tests.benchmarks.common import Figure, alternate, images, parser, publish, ratios
from tune_mc1.config.load import config_to_yaml, load_sweep
from tune_mc1.config.trial import TrialConfig
from tune_mc1.inference.image_classifier import ImageClassifier, build_classifier
from tune_mc1.planning.search_space import plan_trials
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import end_event, epoch_event, start_events, trial_event
from tune_mc1.results.head import sweep_event
from tune_mc1.results.writer import ResultWriter
from tune_mc1.training.model_facts import ModelFacts

HERE = Path(__file__).parents[2]
OPEN = "import tune_mc1; len(tune_mc1.open({!r}).trials)"
LEAST = (
    "import pandas; from pyarrow.parquet import ParquetFile; "
    "ParquetFile({!r} + '/trials.parquet').read().to_pandas()"
)
TIMED = "import time; t = time.perf_counter(); {}; print(time.perf_counter() - t)"
BATCH = 500


def write_sweep(root: Path, trials: int, epochs: int = 5) -> None:
    """Writes the results of a random search, event by event."""
    where = ResultDir(root)
    where.sweep_file.write_text(
        f"method: random\nrun_cap: {trials}\nparameters:\n"
        "  learning_rate: {distribution: log_uniform_values, min: 0.0001, max: 0.1}\n"
        f"  optimizer: {{values: [SGD, Adam]}}\n  epochs: {{value: {epochs}}}\n"
    )
    sweep = load_sweep(where.sweep_file).sweep
    where.sweep_file.write_text(config_to_yaml(sweep))
    rng = np.random.default_rng(0)
    writer = ResultWriter(where, interval_s=np.inf)
    planned = plan_trials(sweep)
    writer.write(sweep_event(sweep, images(100)), *map(trial_event, planned))
    metrics = [f"{part}_{name}" for part in ("train", "val") for name in ("loss", "acc", "f1")]
    rest = {"learning_rate": 0.1, "steps": 1, "seconds": 0.1, "images_per_second": 1e3}
    for trial in planned:
        rows = [
            {"trial": trial.id, "epoch": e, **rest, **dict(zip(metrics, values, strict=True))}
            for e, values in enumerate(rng.random((epochs, len(metrics))).tolist(), 1)
        ]
        ended = end_event(trial.id, "completed")
        writer.write(*start_events([trial.id]), *map(epoch_event, rows), ended)
    writer.close()


def timed(code: str, product: Path) -> float:
    """Seconds that code takes in a process of its own, imports included."""
    env = os.environ | {"PYTHONPATH": str(product)}
    command = [sys.executable, "-c", TIMED.format(code)]
    done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
    return float(done.stdout)


def classifier() -> ImageClassifier:
    """An untrained network for images of CIFAR-10."""
    config = TrialConfig(model="CNN_simple")
    half = (0.5, 0.5, 0.5)
    facts = ModelFacts(config, tuple("0123456789"), (3, 32, 32), half, half)
    return build_classifier(facts).eval()


@torch.inference_mode()
def bare(network: torch.nn.Module, pixels: np.ndarray) -> None:
    """What one would write: normalise, run, take the softmax."""
    for start in range(0, len(pixels), BATCH):
        batch = torch.from_numpy(pixels[start : start + BATCH]).movedim(-1, 1)
        network(batch.float().div_(127.5).sub_(1)).softmax(-1).numpy()


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    """Runs the benchmark."""
    made = parser(__doc__, runs=7)
    made.add_argument("--trials", type=int, default=10_000)
    made.add_argument("--against", type=Path, help="checkout of another version")
    args: argparse.Namespace = made.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write_sweep(Path(folder), args.trials)
        sides: dict[str, Callable[[], float]] = {
            "ours": lambda: timed(OPEN.format(folder), HERE),
            "least": lambda: timed(LEAST.format(folder), HERE),
        }
        if args.against is not None:
            sides["other"] = lambda: timed(OPEN.format(folder), args.against.absolute())
        opened = alternate(sides, args.runs)
    data = images()
    pixels = np.ascontiguousarray(
        np.resize(data.train_images, (10_000, *data.train_images.shape[1:]))
    )
    model = classifier()
    loops = alternate(
        {
            "predict": lambda: seconds(lambda: model.predict(pixels, batch_size=BATCH)),
            "bare": lambda: seconds(lambda: bare(model.network, pixels)),
        },
        args.runs,
    )
    figures = [
        Figure(f"open(DIR).trials of {args.trials:,} trials", opened["ours"], "s", "<= 0.5"),
        Figure("imports of pandas and pyarrow, reading the file", opened["least"], "s"),
        *([Figure("the other version", opened["other"], "s")] if "other" in opened else []),
        Figure("predict of 10,000 images", loops["predict"], "s"),
        Figure("bare loop", loops["bare"], "s"),
        Figure("bare loop / predict", ratios(loops["bare"], loops["predict"]), "", ">= 0.9"),
    ]
    publish(figures, args.json)


if __name__ == "__main__":
    main()
