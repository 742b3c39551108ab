"""A program that would leave a trace, its sweep file, and dry runs of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.in_process import run_here

FILE = """\
program: train.py
method: grid
metric: {name: val/acc, goal: maximize}
parameters:
  lr: {values: [1e-5, 0.1]}
  layers: {value: [64, 32]}
  model: {parameters: {dropout: {value: 0.5}, name: {value: a b}}}
"""


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A program that would leave a trace, and its sweep file."""
    (tmp_path / "train.py").write_text("open('started', 'w')\n")
    (tmp_path / "sweep.yaml").write_text(FILE)
    return tmp_path


def dry_run(*words: str) -> dict[str, Any]:
    done = run_here("sweep", "--dry-run", "--json", *words, cwd=Path.cwd())
    assert done.returncode == 0, done.stderr
    assert not Path("started").exists()
    found: dict[str, Any] = json.loads(done.stdout)
    return found
