"""Wall time until a search has a setting as good as the best of 40 random ones, on real images.

Ours is `python -m tune_mc1 sweep bayes`, with its default early stopping and `fuse: auto`, from its
start until an epoch reaches the accuracy. The other side is Optuna's TPE with its Hyperband pruner
in one process, with our own lean trial function, in the same space on the same images, from the
start of its process. Both try at most `--most` settings; a side that has not reached the accuracy
by then counts with all its time, and is said to have missed it.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.benchmarks.common import Figure, alternate, images, parser, publish, ratios
from tests.benchmarks.grid import INITS, command_output, write_parquet
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Holdout
from tune_mc1.results.journal import read_records

RATE, DECAY = (0.001, 1.0), (1e-6, 1e-2)
BATCHES, MOMENTA = (32, 64, 128), (0.0, 0.5, 0.9)
HOLDOUT = 0.4
REACHED = "reached at"
RANDOM_SEED = 1000
"""Of the random search that says which accuracy is to be reached."""


def sweep_file(args: argparse.Namespace, place: Path, seed: int, **keys: Any) -> dict[str, Any]:
    """The space as a sweep file."""
    low_high = {"distribution": "log_uniform_values"}
    return {
        "data": str(place),
        "validation": {"holdout": HOLDOUT},
        "tracker": "none",
        "search_seed": seed,
        "metric": {"name": "val_acc", "goal": "maximize"},
        "parameters": {
            "model": {"value": "CNN"},
            "epochs": {"value": args.epochs},
            "learning_rate": low_high | {"min": RATE[0], "max": RATE[1]},
            "weight_decay": low_high | {"min": DECAY[0], "max": DECAY[1]},
            "batch_size": {"values": list(BATCHES)},
            "momentum": {"values": list(MOMENTA)},
            "weights_init_type": {"values": list(INITS)},
        },
        **keys,
    }


def run_sweep(folder: Path, method: str, content: dict[str, Any]) -> list[tuple[float, float]]:
    """Runs a sweep; returns time and accuracy of each of its epochs, in order."""
    file, out = folder / "sweep.yaml", Path(tempfile.mkdtemp(dir=folder))
    file.write_text(yaml.safe_dump(content))
    command_output(
        [sys.executable, "-m", "tune_mc1", "sweep", method, str(file), "-o", str(out)], folder
    )
    (journal,) = out.glob("*/journal.jsonl")
    events = [event for event, _ in read_records(journal)]
    return [(e["time"], e["val_acc"]) for e in events if e["event"] == "epoch"]


def optuna_side(args: argparse.Namespace) -> None:
    """Searches by Optuna until the accuracy is reached, and prints when that was."""
    import optuna

    from tune_mc1.data.source import load_data
    from tune_mc1.training.run_trials import run_trials

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    data = load_data(args.place)
    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=args.one),
        pruner=optuna.pruners.HyperbandPruner(max_resource=args.epochs),
    )

    def objective(trial: optuna.Trial) -> float:
        setting: dict[str, Any] = {
            "learning_rate": trial.suggest_float("learning_rate", *RATE, log=True),
            "weight_decay": trial.suggest_float("weight_decay", *DECAY, log=True),
            "batch_size": trial.suggest_categorical("batch_size", BATCHES),
            "momentum": trial.suggest_categorical("momentum", MOMENTA),
            "weights_init_type": trial.suggest_categorical("weights_init_type", INITS),
        }
        config = TrialConfig(epochs=args.epochs, **setting)
        scores: list[float] = []
        pruned = []

        def report(rows: Sequence[dict[str, Any]], ends: Sequence[Any] = ()) -> Sequence[str]:
            for row in rows:
                scores.append(float(row["val_acc"]))
                trial.report(scores[-1], row["epoch"])
                if scores[-1] >= args.target:
                    print(f"{REACHED} {time.time()}", flush=True)
                    os._exit(0)
                pruned.append(trial.should_prune())
            return ["t"] if any(pruned) else []

        with tempfile.TemporaryDirectory() as folder:
            run_trials(
                [Trial(id="t", config=config)],
                data,
                Holdout(holdout=HOLDOUT),
                checkpoints=Path(folder).joinpath,
                report=report,
                threads=args.threads,
                gpu=False,
            )
        if any(pruned):
            raise optuna.TrialPruned
        return max(scores, default=0.0)

    study.optimize(objective, n_trials=args.most)


def main() -> None:
    """Runs the benchmark."""
    made = parser(__doc__, runs=5)
    made.add_argument("--images", type=int, default=3000, help="training images")
    made.add_argument("--epochs", type=int, default=9)
    made.add_argument("--random", type=int, default=40, help="random settings")
    made.add_argument("--most", type=int, default=60, help="settings a side, at most")
    made.add_argument("--threads", type=int, default=2, help="of Optuna's side")
    made.add_argument("--target", type=float, help="accuracy to reach; default that of the random")
    made.add_argument("--one", type=int, help="run Optuna's side with this seed, and end")
    made.add_argument("--place", help="images of --one")
    args = made.parse_args()
    if args.one is not None:
        optuna_side(args)
        return
    with tempfile.TemporaryDirectory() as name:
        compare(args, Path(name))


def compare(args: argparse.Namespace, folder: Path) -> None:
    """Measures both sides in turn, with a seed a round."""
    data = images(args.images)
    place = write_parquet(data, folder)
    target = args.target
    if target is None:
        file = sweep_file(args, place, RANDOM_SEED, run_cap=args.random)
        target = max(score for _, score in run_sweep(folder, "random", file))
    print(f"val_acc of the best of {args.random} random settings: {target:.4f}", flush=True)
    seeds = {"ours": iter(range(args.runs)), "optuna": iter(range(args.runs))}
    missed = {"ours": 0, "optuna": 0}

    def ours() -> float:
        metric = {"name": "val_acc", "goal": "maximize", "target": target}
        began = time.time()
        file = sweep_file(args, place, next(seeds["ours"]), run_cap=args.most, metric=metric)
        reached = [at for at, score in run_sweep(folder, "bayes", file) if score >= target]
        missed["ours"] += not reached
        return (reached[0] if reached else time.time()) - began

    def optuna() -> float:
        command = [sys.executable, "-m", "tests.benchmarks.search_wall", "--place", str(place)]
        facts = {"one": next(seeds["optuna"]), "target": target, "epochs": args.epochs}
        facts |= {"most": args.most, "threads": args.threads}
        command += [word for name, fact in facts.items() for word in (f"--{name}", str(fact))]
        began = time.time()
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        lines = [line for line in done.stdout.splitlines() if line.startswith(REACHED)]
        missed["optuna"] += not lines
        return (float(lines[0].split()[-1]) if lines else time.time()) - began

    spent = alternate({"ours": ours, "optuna": optuna}, args.runs, warm_up=False)
    name = f"until the best of {args.random} random settings"
    figures = [
        Figure(f"{name}, against Optuna", ratios(spent["optuna"], spent["ours"]), goal=">= 2.5"),
        *(Figure(f"{name}, {side}", values, "s") for side, values in spent.items()),
        *(Figure(f"runs that missed it, {side}", [count]) for side, count in missed.items()),
    ]
    facts = {"images": args.images, "epochs": args.epochs, "most": args.most, "target": target}
    publish(figures, args.json, data=data.name, threads_of_optuna=args.threads, **facts)


if __name__ == "__main__":
    main()
