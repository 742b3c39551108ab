"""The whole grid of 30 CNN settings by one command, against three other ways to run it.

Ours is `python -m tune_mc1 sweep grid`, from its start to its end. The others train a sample of the
settings, and what they take is scaled up to 30: the reference study's way (a process a trial,
DataLoader with four workers), Optuna in one process with our own lean trial function, and plain Ray
Tune with the same function and a process a trial. CPU-seconds count, with those of all children.

On a GPU (`--gpu`) wall time counts, each way with the GPU to itself, one trial after the other but
in ours; the reference's way trains `--reference-epochs` only, and the last one stands for the rest.
"""

import argparse
import logging
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from lightning.pytorch.callbacks import Callback

from tests.benchmarks.all_processes import cpu_of_all
from tests.benchmarks.common import Figure, alternate, cpu_clock, images, parser, publish, ratios
from tests.benchmarks.reference import train_as_ours
from tests.benchmarks.reference_way import train_as_reference
from tune_mc1.config.trial import TrialConfig
from tune_mc1.data.images import ImageData

INITS = ("default", "xavier_normal", "xavier_uniform", "kaiming_normal", "kaiming_uniform")
RATES, BATCHES = (0.01, 0.03), (32, 64, 128)
SETTINGS = len(INITS) * len(RATES) * len(BATCHES)


def sample(epochs: int) -> list[TrialConfig]:
    """One setting of each batch size: a tenth of the grid."""
    return [
        TrialConfig(
            batch_size=size, learning_rate=0.03, weights_init_type="kaiming_normal", epochs=epochs
        )
        for size in BATCHES
    ]


def write_parquet(data: ImageData, folder: Path) -> Path:
    """The images as a data set on disk, which every way reads anew in each of its processes."""
    import io

    from PIL import Image

    place = folder / "some-images"
    place.mkdir()
    for split, pixels, labels in (
        ("train", data.train_images, data.train_labels),
        ("test", data.test_images[:1000], data.test_labels[:1000]),
    ):
        cells = []
        for image in pixels:
            file = io.BytesIO()
            Image.fromarray(image).save(file, "PNG")
            cells.append({"bytes": file.getvalue(), "path": ""})
        table = pa.table({"img": cells, "label": labels.astype(np.int64)})
        pq.write_table(table, place / f"{split}-00000-of-00001.parquet")
    return place


def command_output(command: list[str], folder: Path) -> str:
    """What a command prints; raises if it fails."""
    env = os.environ | {"WANDB_MODE": "disabled", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr + done.stdout)
    return done.stdout


class Epochs(Callback):
    """Notes when epochs begin."""

    def __init__(self) -> None:
        self.began: list[float] = []

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        self.began.append(time.perf_counter())


def main() -> None:
    """Runs the benchmark."""
    made = parser(__doc__, runs=3)
    made.add_argument("--images", type=int, default=10_000, help="training images")
    made.add_argument("--epochs", type=int, default=10)
    made.add_argument("--reference-epochs", type=int, help="on a GPU; default all")
    made.add_argument("--gpu", action="store_true")
    made.add_argument("--ways", nargs="*", default=list(GOALS), choices=list(GOALS))
    made.add_argument("--one", type=int, help="train this setting the reference's way, and end")
    args = made.parse_args()
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    if args.one is not None:
        epochs = Epochs()
        config = sample(args.reference_epochs or args.epochs)[args.one]
        train_as_reference(config, images(args.images), gpu=args.gpu, callbacks=[epochs])
        print(time.perf_counter() - epochs.began[-1])
        return
    with tempfile.TemporaryDirectory() as name:
        compare(args, Path(name))


GOALS = {"reference": (16, 100), "optuna": (2.4, 15), "plain": (2.4, 15)}
"""How many times faster ours is to be, on a CPU and on a GPU."""

WORDS = {
    "reference": "the reference's way",
    "optuna": "Optuna in one process",
    "plain": "plain Ray Tune",
}


def compare(args: argparse.Namespace, folder: Path) -> None:
    """Measures all ways in turn."""
    data = images(args.images)
    grid = [sys.executable, "-m", "tune_mc1", "sweep", "grid", "-o", str(folder / "out")]
    place = "shapes10" if data.name == "shapes10" else "cifar10"
    if len(data.train_labels) < len(images().train_labels):
        place = str(write_parquet(data, folder))
    grid += ["--data", place, "--set", f"epochs={args.epochs}"]
    grid += ["--set", "weights_init_type=" + ",".join(INITS)]
    scale = SETTINGS / len(BATCHES)
    trained = (args.reference_epochs if args.gpu else None) or args.epochs
    now = time.perf_counter if args.gpu else cpu_of_all()
    walls: list[float] = []

    def ours() -> float:
        began, start = now(), time.perf_counter()
        command_output(grid, folder)
        walls.append(time.perf_counter() - start)
        return now() - began

    def reference() -> float:
        command = [sys.executable, "-m", "tests.benchmarks.grid", *(["--gpu"] * args.gpu)]
        command += ["--images", str(args.images), "--epochs", str(trained), "--one"]
        spent = 0.0
        for i in range(len(BATCHES)):
            began = now()
            last = float(command_output([*command, str(i)], Path.cwd()).split()[-1])
            spent += now() - began
            if args.gpu:
                spent += (args.epochs - trained) * last
        return scale * spent

    def optuna() -> float:
        began = time.perf_counter() if args.gpu else cpu_clock()
        for_optuna(sample(args.epochs), data, args.gpu)
        return scale * ((time.perf_counter() if args.gpu else cpu_clock()) - began)

    def plain() -> float:
        began = now()
        with_plain_tune(sample(args.epochs), data, folder, args.gpu)
        return scale * (now() - began)

    ways = {"reference": reference, "optuna": optuna, "plain": plain}
    sides = {"ours": ours, **{name: ways[name] for name in args.ways}}
    spent = alternate(sides, args.runs, warm_up=False)
    unit = "s" if args.gpu else "CPU-s"
    figures = [
        Figure(
            f"30 settings, against {WORDS[name]}",
            ratios(spent[name], spent["ours"]),
            goal=f">= {GOALS[name][args.gpu]}",
        )
        for name in args.ways
    ]
    figures += [Figure(f"30 settings, {name}", values, unit) for name, values in spent.items()]
    goal = "<= 15" if args.gpu else ""
    figures.append(Figure("30 settings, ours, wall time", walls, "s", goal))
    facts = {"images": args.images, "epochs": args.epochs, "reference_epochs": trained}
    publish(figures, args.json, data=data.name, **facts)


def for_optuna(configs: list[TrialConfig], data: ImageData, gpu: bool) -> None:
    """Optuna, in one process, with our lean trial function."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    names = {"batch_size": [config.batch_size for config in configs]}
    study = optuna.create_study(sampler=optuna.samplers.GridSampler(names))

    def objective(trial: optuna.Trial) -> float:
        size = trial.suggest_categorical("batch_size", names["batch_size"])
        train_as_ours(configs[0].model_copy(update={"batch_size": size}), data, gpu)
        return 0.0

    study.optimize(objective, n_trials=len(configs))


def with_plain_tune(configs: list[TrialConfig], data: ImageData, folder: Path, gpu: bool) -> None:
    """Ray Tune as its tutorial shows it, with our lean trial function."""
    import ray
    from ray import tune

    def trainable(config: dict[str, int], images: ImageData) -> None:
        torch.set_num_threads(1)
        train_as_ours(configs[config["setting"]], images, gpu)
        tune.report({"done": 1})

    ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    tuner = tune.Tuner(
        tune.with_resources(
            tune.with_parameters(trainable, images=data), {"cpu": 1, "gpu": int(gpu)}
        ),
        param_space={"setting": tune.grid_search(list(range(len(configs))))},
        run_config=tune.RunConfig(storage_path=str(folder / "plain"), verbose=0),
    )
    assert not tuner.fit().errors
    ray.shutdown()


if __name__ == "__main__":
    main()
