"""A report over 100 to 10,000 trials of 100 epochs: time and memory of the whole command.

The results are made up: a random search over five parameters, each setting with two seeds, whose
accuracy depends on them and rises with the epochs. Each size runs in a process of its own.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.benchmarks.common import Figure, by_size, parser, publish
from tune_mc1.config.metrics import epoch_metrics
from tune_mc1.config.trial import TrialConfig
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import FORMAT
from tune_mc1.results.schema import history_schema, trial_schema

SIZES = (100, 1000, 10_000)
EPOCHS = 100
GOALS = {1000: {"seconds": "<= 20", "MB": "<= 1024"}}

SWEEP = """\
name: made_up
method: random
run_cap: {settings}
replicates: 2
parameters:
  model: {{values: [CNN2, CNN3, CNN4, CNN5, CNN6]}}
  batch_size: {{values: [32, 64, 128]}}
  learning_rate: {{distribution: log_uniform_values, min: 0.001, max: 0.1}}
  weight_decay: {{distribution: log_uniform_values, min: 0.0001, max: 0.01}}
  optimizer: {{values: [SGD, Adam]}}
  epochs: {{value: 100}}
"""


def make_results(folder: Path, trials: int) -> None:
    """Writes a result directory of so many trials."""
    settings, rng = trials // 2, np.random.default_rng(0)
    drawn: dict[str, Any] = {
        "model": rng.choice([f"CNN{i}" for i in range(2, 7)], settings),
        "batch_size": rng.choice([32, 64, 128], settings),
        "learning_rate": 10 ** rng.uniform(-3, -1, settings),
        "weight_decay": 10 ** rng.uniform(-4, -2, settings),
        "optimizer": rng.choice(["SGD", "Adam"], settings),
    }
    level = 0.5 + 0.05 * np.log10(drawn["learning_rate"] * 100) + 0.02 * (drawn["model"] == "CNN5")
    final = np.repeat(level, 2) + rng.normal(0, 0.01, trials)
    epoch = np.arange(1, EPOCHS + 1)
    accuracy = final[:, None] * (1 - 0.6 * np.exp(-epoch / 20)) + rng.normal(
        0, 0.003, (trials, EPOCHS)
    )
    ids = np.array([f"t{i:05d}" for i in range(1, trials + 1)])
    values = {**TrialConfig(epochs=EPOCHS).model_dump(), "state": "completed", "data": "made up"}
    values |= {"epochs_run": EPOCHS, "seconds": 60.0, "attempts": 1, "fused": 1}
    columns = {name: np.repeat(column, 2) for name, column in drawn.items()}
    columns |= {"trial": ids, "seed": np.tile([0, 1], settings)}
    columns |= {"config_hash": np.repeat([f"s{i:06d}" for i in range(settings)], 2)}
    columns |= {"best_epoch": accuracy.argmax(1) + 1}
    for name in epoch_metrics():
        columns |= {f"best_{name}": accuracy.max(1), f"last_{name}": accuracy[:, -1]}
    rows: dict[str, Any] = {"trial": np.repeat(ids, EPOCHS), "epoch": np.tile(epoch, trials)}
    rows |= dict.fromkeys(epoch_metrics(), accuracy.ravel())
    facts = {"metric": "val_acc", "maximize": True, "data": "made up", "fingerprint": "0" * 16}
    facts |= {"validation": {"holdout": 0.1}, "replicates": 2, "scale": 1.0, "limit_images": 1.0}
    footer = {"tune_mc1": json.dumps({"format": FORMAT, "offset": 0, "facts": facts})}
    where = ResultDir(folder)
    for path, schema, given, count in (
        (where.trials, trial_schema(), values | columns, trials),
        (where.history, history_schema(), {"seconds": 0.6} | rows, trials * EPOCHS),
    ):
        arrays = [_column(given.get(f.name), f.type, count) for f in schema]
        table = pa.Table.from_arrays(arrays, schema=schema.with_metadata(footer))
        pq.write_table(table, path, compression="zstd")
    where.sweep_file.write_text(SWEEP.format(settings=settings))


def _column(value: Any, kind: pa.DataType, count: int) -> pa.Array:
    if value is None:
        return pa.nulls(count, kind)
    if not isinstance(value, np.ndarray):
        return pa.array([value] * count).cast(kind)
    return pa.array(value).cast(kind)


def measure(trials: int) -> dict[str, float]:
    """Seconds, most memory, and sizes of one report."""
    with tempfile.TemporaryDirectory() as folder:
        results, out = Path(folder, "results"), Path(folder, "report")
        results.mkdir()
        make_results(results, trials)
        began = time.perf_counter()
        command = [sys.executable, "-m", "tune_mc1", "report", str(results), "-o", str(out)]
        subprocess.run(command, check=True, capture_output=True)
        seconds = time.perf_counter() - began
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        files = sum(f.stat().st_size for f in out.rglob("*") if f.is_file())
        page = (out / "report.html").stat().st_size
    return {
        "seconds": seconds,
        "CPU seconds": used.ru_utime + used.ru_stime,
        "MB": used.ru_maxrss / 1024,
        "MB of page": page / 2**20,
        "MB of files": files / 2**20,
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
    rows = by_size("report", sizes, args.runs)
    figures = [
        Figure(
            f"{size:,} trials: {name}",
            [row[name] for row in rows[size]],
            goal=GOALS.get(size, {}).get(name, ""),
        )
        for size in sizes
        for name in rows[size][0]
    ]
    publish(figures, args.json)


if __name__ == "__main__":
    main()
