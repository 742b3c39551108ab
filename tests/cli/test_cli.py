"""The command line: what is refused, how fast, and what programs can read."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.in_process import Done, run_here

GOOD = """
method: grid
parameters:
  learning_rate: {values: [0.01, 0.03]}
  batch_size: {values: [32, 64]}
"""


def tune_mc1(*words: str | Path) -> Done:
    """The command in this process."""
    return run_here(*words, cwd=Path.cwd(), COLUMNS="200")


def as_process(*words: str | Path, code: str = "") -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, after some code."""
    start = (
        f"{code}\nimport sys; from tune_mc1.cli.app import main; sys.argv[0] = 'tune_mc1'; main()"
    )
    return subprocess.run(
        [sys.executable, "-c", start, *map(str, words)],
        env=os.environ | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.yaml"
    path.write_text(GOOD)
    return path


def test_a_dry_run_as_json(good: Path) -> None:
    done = tune_mc1("sweep", "grid", good, "--dry-run", "--json", "--data", "shapes10")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert [t["id"] for t in facts["trials"]] == ["t0001", "t0002", "t0003", "t0004"]
    assert facts["epochs"] == 40
    assert facts["resources"]["cpu"] == 1
    assert facts["rungs"] == []
    assert facts["forecast_seconds"] > 0


def test_a_dry_run_shows_the_groups(good: Path) -> None:
    words = ("sweep", "grid", good, "--dry-run", "--data", "shapes10", "--fuse")
    done = tune_mc1(*words, "4")
    assert "Fused groups: 2 x 2 trials; trained alone: 0" in done.stdout, done.stderr
    facts = json.loads(tune_mc1(*words, "off", "--json").stdout)
    assert facts["groups"] == [["t0001"], ["t0002"], ["t0003"], ["t0004"]]
    bad = tune_mc1(*words, "1")
    assert bad.returncode == 2
    assert bad.stderr.strip() == (
        "--fuse: must be auto, off, or a number of trials from 2 to 1024, got '1'"
    )


def test_a_dry_run_shows_the_rungs() -> None:
    done = tune_mc1("sweep", "asha", "--dry-run", "--data", "shapes10", "-n", "40")
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["0", "1", "about", "40"] in lines
    assert ["0", "3", "about", "14"] in lines
    assert "at most 360 epochs in total" in done.stdout
    json_run = tune_mc1("sweep", "asha", "--dry-run", "--data", "shapes10", "--json")
    assert [row["epoch"] for row in json.loads(json_run.stdout)["rungs"]] == [1, 3, 9]


HEAVY = """
import atexit, sys
def check():
    heavy = {"torch", "ray", "lightning", "wandb", "pandas", "scipy", "pyarrow"}
    print("HEAVY", sorted(heavy & sys.modules.keys()), file=sys.stderr)
atexit.register(check)
"""


def test_an_interruption_of_the_imports_has_no_traceback() -> None:
    code = (
        "import runpy, sys\n"
        "class Interrupts:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'tune_mc1.cli.app': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupts())\n"
        "runpy.run_module('tune_mc1', run_name='__main__')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "")


def test_the_interpreter_ends_without_a_search_of_all_objects() -> None:
    code = "import atexit, gc; atexit.register(lambda: print(gc.get_freeze_count() > 0))"
    done = as_process("--version", code=code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "True"


@pytest.mark.parametrize("words", [("--dry-run",), ("--set", "learning_rate=-1")])
def test_answers_come_before_torch_and_ray(good: Path, words: tuple[str, ...]) -> None:
    done = as_process("sweep", "grid", good, *words, "--data", "shapes10", code=HEAVY)
    assert done.returncode == (0 if words[0] == "--dry-run" else 2)
    assert "HEAVY []" in done.stderr


@pytest.mark.parametrize("words", [("sweep", "asha", "-n", "9"), ("study", "adam")])
def test_a_dry_run_comes_before_torch_and_ray(words: tuple[str, ...]) -> None:
    done = as_process(*words, "--dry-run", "--data", "shapes10", code=HEAVY)
    assert done.returncode == 0, done.stderr
    assert "HEAVY []" in done.stderr


def test_answers_cost_less_than_a_second_of_the_processor(good: Path) -> None:
    def used() -> float:
        times = resource.getrusage(resource.RUSAGE_CHILDREN)
        return times.ru_utime + times.ru_stime

    before = used()
    assert as_process("sweep", "grid", good, "--set", "learning_rate=-1").returncode == 2
    assert used() - before < 1.0


@pytest.mark.parametrize(
    ("content", "words", "messages"),
    [
        ("parameters: {learn: {value: 1}}", (), ["parameters.learn: unknown parameter", "known:"]),
        (
            "parameters: {model: {values: [CNN, CNN99]}, epochs: {value: 0}}",
            (),
            ["parameters.model.values[1]", "parameters.epochs", "got 0"],
        ),
        ("parmeters: {}", (), ["parmeters", "did you mean 'parameters'"]),
        (GOOD, ("--data", "nowhere"), ["--data", "nowhere"]),
        (GOOD, ("--set", "learning_rate"), ["--set", "name=value"]),
        (GOOD + "data: /does/not/exist", (), ["data", "/does/not/exist"]),
        ("parameters: {learning_rate: {min: 0.1, max: 0.2}}", (), ["grid", "learning_rate"]),
        (
            "parameters: {model: {value: CNN2}, batch_norm: {value: true}}",
            (),
            ["CNN2", "batch norm"],
        ),
    ],
)
def test_bad_input_is_one_line_a_mistake(
    tmp_path: Path, content: str, words: tuple[str, ...], messages: list[str]
) -> None:
    file = tmp_path / "a sweep.yaml"
    file.write_text(content)
    done = tune_mc1("sweep", "grid", file, *words)
    assert done.returncode == 2, done.stdout
    assert "Traceback" not in done.stderr
    for message in messages:
        assert message in done.stderr
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("method", ["random", "asha", "bayes"])
def test_open_searches_need_a_number_of_trials(good: Path, method: str) -> None:
    done = tune_mc1("sweep", method, good)
    assert done.returncode == 2
    assert "run_cap" in done.stderr
    assert "-n" in done.stderr


def test_train_runs_one_trial_only() -> None:
    done = tune_mc1("train", "--set", "learning_rate=0.1,0.2", "--data", "shapes10")
    assert done.returncode == 2
    assert "train runs one trial" in done.stderr


def test_a_directory_without_results_is_named(tmp_path: Path) -> None:
    assert "not a result directory" in tune_mc1("show", tmp_path).stderr
    done = tune_mc1("list", tmp_path / "none")
    assert done.returncode == 2
    assert "no such directory" in done.stderr


def test_help_has_an_example_for_each_command() -> None:
    for command in ("sweep", "train", "list", "show"):
        done = tune_mc1(command, "--help")
        assert done.returncode == 0
        assert f"Example: tune_mc1 {command}" in done.stdout


def test_an_unwritable_directory_is_named(good: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    done = tune_mc1("sweep", "grid", good, "-o", blocked / "results", "--data", "shapes10")
    assert done.returncode == 2
    assert "results cannot be written to" in done.stderr
