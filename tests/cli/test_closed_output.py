"""Commands whose output nobody reads any more, as behind `| head -1`."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd

from tests.support.faults import result_dir

SWEEP = """
method: grid
parameters:
  model: {{value: CNN_simple}}
  epochs: {{value: 2}}
  learning_rate: {{values: [0.1, 0.2]}}
data: {data}
limit_images: 0.2
"""
COMMAND = [sys.executable, "-m", "tune_mc1"]


def without_reader(*words: str | Path, cwd: Path) -> tuple[int, str]:
    """Runs a command whose output and error are closed after the first line.

    Returns:
        Its status and that line.
    """
    reading, writing = os.pipe()
    words = tuple(map(str, words))
    process = subprocess.Popen([*COMMAND, *words], cwd=cwd, stdout=writing, stderr=writing)
    os.close(writing)
    with os.fdopen(reading) as lines:
        first = lines.readline()
    return process.wait(120), first


def test_a_sweep_goes_on_without_a_reader(tmp_path: Path, image_dir: Path) -> None:
    file = tmp_path / "sweep.yaml"
    file.write_text(SWEEP.format(data=image_dir))
    words = ("sweep", "grid", file, "-o", tmp_path / "out", "--wandb", "disabled")
    status, first = without_reader(*words, cwd=tmp_path)
    assert status == 0
    assert first.startswith("Results: ")
    trials = pd.read_parquet(result_dir(tmp_path / "out") / "trials.parquet")
    assert set(trials["state"]) == {"completed"}


def test_a_command_that_prints_much_ends_as_usual(tmp_path: Path) -> None:
    status, first = without_reader("sweep", "grid", "--dry-run", cwd=tmp_path)
    assert (status, first.strip()) != (1, "")
    assert status == 0
