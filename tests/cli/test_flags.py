"""A flag of another package: in the help, in the sweep, refused, and sent along with a job."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.examples import example
from tests.support.plugins import registered, write_plugin
from tune_mc1.cli.study import study
from tune_mc1.cli.sweep import sweep
from tune_mc1.cli.sweep_options import with_flags
from tune_mc1.errors import InputError
from tune_mc1.planning.flags import FLAGS, SweepFlag

TAG = example("tag.py")

JOB = """
from tune_mc1.cluster.jobs import submit
from tune_mc1.cli.app import main
def show(command, plans, notify):
    print(command.entrypoint(), [plan.sweep.name for plan in plans])
    return 0
submit.submit = show
main()
"""


def tune_mc1(folder: Path, *words: str, code: str = "") -> subprocess.CompletedProcess[str]:
    start = ["-c", code] if code else ["-m", "tune_mc1"]
    path = f"{folder}:{Path(__file__).parents[2]}"
    return subprocess.run(
        [sys.executable, *start, *words],
        env=os.environ | {"PYTHONPATH": path, "COLUMNS": "200"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def plugins(tmp_path: Path) -> Path:
    write_plugin(tmp_path, TAG)
    return tmp_path


@pytest.mark.parametrize("command", ["sweep", "study"])
def test_it_is_in_the_help(plugins: Path, command: str) -> None:
    help_text = tune_mc1(plugins, command, "--help").stdout
    assert "--tag" in help_text
    assert "Suffix of the result directory's name." in help_text


def test_it_changes_the_sweep(plugins: Path) -> None:
    words = ("--dry-run", "--json", "--data", "shapes10")
    done = tune_mc1(plugins, "sweep", "grid", *words, "-t", "first")
    assert json.loads(done.stdout)["sweep"]["name"].endswith("-first"), done.stderr
    done = tune_mc1(plugins, "study", "adam", *words, "--tag=second")
    assert json.loads(done.stdout)["sweep"]["name"].endswith("-second"), done.stderr
    plain = tune_mc1(plugins, "sweep", "grid", *words)
    assert "-" not in json.loads(plain.stdout)["sweep"]["name"]


def test_a_bad_value_is_refused_with_a_line(plugins: Path) -> None:
    done = tune_mc1(plugins, "sweep", "grid", "--dry-run", "--data", "shapes10", "--tag", "a b")
    assert (done.returncode, done.stderr) == (2, "--tag: must be one word, got 'a b'\n")


def test_it_goes_along_with_a_job(plugins: Path) -> None:
    words = ("sweep", "grid", "--data", "shapes10", "-o", "/results", "--tag", "far")
    done = tune_mc1(plugins, *words, "--address", "http://127.0.0.1:1", code=JOB)
    assert "--tag=far" in done.stdout.split(), done.stderr
    assert done.stdout.rstrip().endswith("-far']")


@pytest.mark.parametrize(
    ("name", "short", "told"),
    [
        ("output", None, "plugin flag --output: `sweep` already has --output"),
        ("json", None, "plugin flag --json: `sweep` already has --json"),
        ("help", None, "plugin flag --help: `sweep` already has --help"),
        ("scale", None, "plugin flag --scale: `study` already has --scale"),
        ("tag", "-o", "plugin flag --tag: `sweep` already has -o"),
        ("tag", "-n", "plugin flag --tag: `sweep` already has -n"),
        ("two words", None, "plugin flag 'two words': must be a name in snake case"),
    ],
)
def test_a_name_that_cannot_be_is_refused(name: str, short: str | None, told: str) -> None:
    command = study if "study" in told else sweep
    with (
        registered(FLAGS, name, SweepFlag("My flag.", short=short)),
        pytest.raises(InputError) as caught,
    ):
        with_flags(command)
    assert str(caught.value) == told
