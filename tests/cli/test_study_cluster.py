"""The dry run of a study on the machines of a cluster file."""

import json
from pathlib import Path

from typer.testing import CliRunner

from tests.support.bad_input import CommandLine
from tune_mc1.cli.app import commands

FILE = str(Path(__file__).parents[2] / "clusters" / "gpu.yaml")


def test_a_study_is_placed_on_the_machines_of_a_file() -> None:
    words = ["study", "first_grid", "--dry-run", "--cluster", FILE, "--json"]
    done = CliRunner().invoke(commands(), words)
    assert done.exit_code == 0, done.output
    facts = json.loads(done.stdout)
    used = {kind["name"]: kind["used"] for kind in facts["cluster"]["machines"]}
    assert used["head"] == 1
    assert used["gpu_1_spot"] > 0
    assert facts["cluster"]["usd"] > 0


def test_only_a_dry_run_takes_a_file(command_line: CommandLine) -> None:
    rule = "--cluster: only valid with --dry-run; --address names a running cluster"
    command_line.refuses("study", "first_grid", "--cluster", FILE, message=rule)
