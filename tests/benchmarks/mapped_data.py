"""Images mapped from a file against images in memory: 100,000 of 64x64, 2 GB for the process.

Two processes train the same trial an epoch at a time, in turn. The one that maps has a limit of
2 GB on its own memory (RLIMIT_DATA: all that is private to it and can be written to, whether it is
used or only reserved). Pages of the file that it maps do not count: the system gives them up when
memory is needed. The other one has no limit. The first epoch of each, in which the file is read, is
left out.
"""

import argparse
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

IMAGES, SIDE, CLASSES = 100_000, 64, 10
MEMORY = 2 * 10**9
RESERVE_NOTHING = {
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
}
"""Libraries reserve gigabytes that they never touch, which RLIMIT_DATA counts all the same."""

CONFIG: dict[str, Any] = {
    "model": "CNN_simple",
    "batch_size": 128,
    "learning_rate": 0.05,
    "device": "cpu",
}


def write_images(file: Path) -> None:
    """Parquet with JPEGs of coloured noise, as smooth as photographs, by class."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from PIL import Image

    rng = np.random.default_rng(0)
    schema = pa.schema({"image": pa.binary(), "label": pa.int64()})
    with pq.ParquetWriter(file, schema) as writer:
        for _ in range(0, IMAGES, 1000):
            labels = rng.integers(0, CLASSES, 1000)
            coarse = rng.integers(0, 256, (1000, 8, 8, 3), np.uint8)
            coarse[..., 0] = coarse[..., 0] // 2 + (labels * 12)[:, None, None].astype(np.uint8)
            encoded = []
            for pixels in coarse:
                stream = io.BytesIO()
                Image.fromarray(pixels).resize((SIDE, SIDE)).save(stream, "JPEG")
                encoded.append(stream.getvalue())
            writer.write_table(pa.table({"image": encoded, "label": labels}, schema))


def train(file: Path, epochs: int, mapped: bool) -> None:
    """Trains in this process; waits for a line before each epoch, and tells how it went."""
    if mapped:
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    from tune_mc1.config.image_files import ImageFiles
    from tune_mc1.config.trial import Trial, TrialConfig
    from tune_mc1.config.validation import Holdout
    from tune_mc1.data.source import load_data
    from tune_mc1.results.schema import Row

    began = time.perf_counter()
    files = ImageFiles(path=str(file), mapped=None if mapped else False)
    data = load_data(files, notify=lambda notice: print(notice, file=sys.stderr, flush=True))
    assert (data.mapped is not None) is mapped
    from tune_mc1.training.run_trials import run_trials

    clock = time.process_time()

    def report(rows: list[Row], ends: object = ()) -> tuple[()]:
        nonlocal clock
        used = time.process_time() - clock
        about = {
            "wall": rows[0]["images_per_second"],
            "cpu": (IMAGES * 5 / 6) / used,
            "loss": rows[0]["val_loss"],
            "own": own_memory(),
        }
        print(json.dumps(about), flush=True)
        sys.stdin.readline()
        clock = time.process_time()
        return ()

    print(json.dumps({"loaded": time.perf_counter() - began}), flush=True)
    sys.stdin.readline()
    trial = Trial(id="t0", config=TrialConfig(epochs=epochs, **CONFIG))
    run_trials([trial], data, Holdout(holdout=0.01), report=report, gpu=False)  # type: ignore[arg-type]


def own_memory() -> int:
    """Bytes of memory of this process that no file holds (RssAnon)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))


class Side:
    """A process that trains an epoch when it is told to."""

    def __init__(self, file: Path, epochs: int, mapped: bool) -> None:
        command = [sys.executable, "-m", "tests.benchmarks.mapped_data", "--train", str(file)]
        command += ["--runs", str(epochs - 1), *(["--mapped"] if mapped else [])]
        pipe, env = subprocess.PIPE, os.environ | RESERVE_NOTHING
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=env)
        seconds = self._line()["loaded"]
        print(f"{'mapped' if mapped else 'in memory'}: loaded in {seconds:.1f} s", flush=True)

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                found: dict[str, Any] = json.loads(line)
                return found
        raise RuntimeError("a process has ended early")

    def epoch(self) -> dict[str, Any]:
        """Trains an epoch; what it told."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._line()

    def close(self) -> None:
        """Lets the process end."""
        self._process.communicate("\n")


def measure(runs: int, as_json: bool) -> None:
    """Runs both sides in turn and prints the figures."""
    from tests.benchmarks.common import Figure, publish, ratios
    from tune_mc1.data.mapped import CACHE_VARIABLE

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "images.parquet"
        write_images(file)
        os.environ[CACHE_VARIABLE] = folder
        sides = {name: Side(file, runs + 1, name == "mapped") for name in ("mapped", "memory")}
        told: dict[str, list[dict[str, Any]]] = {name: [] for name in sides}
        for epoch in range(runs + 1):
            for name, side in sides.items():
                told[name].append(side.epoch())
                print(f"epoch {epoch + 1}: {name} {told[name][-1]}", flush=True)
        for side in sides.values():
            side.close()
    losses = [[row["loss"] for row in rows] for rows in told.values()]
    assert losses[0] == losses[1], "the sides must train on the same images"
    kept = {name: rows[1:] for name, rows in told.items()}
    wall, cpu = (
        {name: [float(row[kind]) for row in rows] for name, rows in kept.items()}
        for kind in ("wall", "cpu")
    )
    own = [row["own"] / 1e9 for row in kept["mapped"]]
    figures = [
        Figure("mapped, of the images a second in memory", ratios(*wall.values()), "", ">= 0.9"),
        Figure("the same a CPU-second", ratios(*cpu.values()), "", ">= 0.9"),
        Figure("mapped", wall["mapped"], "1/s"),
        Figure("in memory", wall["memory"], "1/s"),
        Figure("memory of the mapping process that no file holds", own, "GB", "<= 2"),
    ]
    publish(figures, as_json, images=f"{IMAGES:,} of {SIDE}x{SIDE}", limit="2 GB (RLIMIT_DATA)")


def main() -> None:
    """Reads the arguments."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--runs", type=int, default=4, help="epochs that count (default 4)")
    made.add_argument("--json", action="store_true", help="print one line of JSON as well")
    made.add_argument("--train", type=Path, help=argparse.SUPPRESS)
    made.add_argument("--mapped", action="store_true", help=argparse.SUPPRESS)
    given = made.parse_args()
    if given.train is not None:
        train(given.train, given.runs + 1, given.mapped)
    else:
        measure(given.runs, given.json)


if __name__ == "__main__":
    main()
