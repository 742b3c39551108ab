"""Dry runs of programs: the exact command, and one line for each thing that keeps it from running.

All through the command line, which imports neither torch nor Ray nor W&B for them.
"""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.bad_input import CommandLine

PROGRAM = "import sys\nprint(sys.argv)\n"
FILE = """\
program: train.py
method: grid
metric: {name: val/acc, goal: maximize}
parameters:
  lr: {values: [1e-5, 0.1]}
  layers: {value: [64, 32]}
  model: {parameters: {dropout: {value: 0.5}, name: {value: a b}}}
"""
PUBLISHED = Path(__file__).parents[1] / "sweeps" / "published"


@pytest.fixture
def here(command_line: CommandLine) -> Path:
    folder = command_line.here
    (folder / "train.py").write_text(PROGRAM)
    (folder / "sweep.yaml").write_text(FILE)
    return folder


def facts(command_line: CommandLine, *words: object) -> dict[str, Any]:
    done = command_line.run("sweep", *words, "--dry-run", "--json")
    assert done.exit_code == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found
