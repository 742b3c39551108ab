"""A program's sweep on a cluster: its directory is sent, without what its ignore files name."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.support.faults import driving, result_dir
from tests.support.job_head import Head
from tests.support.programs import LEARNS, content
from tune_mc1.cluster import sent_files
from tune_mc1.cluster.jobs.job_command import JobCommand
from tune_mc1.cluster.packaging_private import JOB_CONFIG
from tune_mc1.cluster.sent_files import check_sent, sent_with_job
from tune_mc1.errors import InputError

TELLS = f"""
import os
from pathlib import Path
import tune_mc1
print("in", Path.cwd().name, sorted(os.listdir()), Path(tune_mc1.__file__).parents[1].name)
print(Path("data", "part.txt").read_text())
{LEARNS}
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program with data, and files that it does not need."""
    folder = tmp_path / "a program"
    for name in ("data", "big", "results", ".git", "__pycache__"):
        (folder / name).mkdir(parents=True)
        (folder / name / "part.txt").write_text("x" * 1000)
    (folder / "train.py").write_text(TELLS)
    (folder / ".rayignore").write_text("/big/\n")
    (folder / "data" / ".gitignore").write_text("*.tmp\n")
    (folder / "data" / "left.tmp").write_text("x" * 1000)
    sweep = content(parameters={"lr": {"values": [0.1, 0.2]}}, max_failures=0)
    (folder / "sweep.yaml").write_text(yaml.safe_dump(sweep))
    return folder


SENT = {".rayignore", "data/.gitignore", "data/part.txt", "sweep.yaml", "train.py"}


def test_what_is_sent_is_counted_and_limited(
    program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = sum((program / name).stat().st_size + 150 + 2 * len(name) for name in SENT)
    assert check_sent(program) == (
        f"Sending {program} to the cluster: 5 files, {size / 1024:.1f} KiB"
    )
    monkeypatch.setattr(sent_files, "size_limit", lambda http: 2000)
    with pytest.raises(InputError) as error:
        check_sent(program)
    assert f"{program}: must be smaller than 2.0 KiB to be sent to the cluster" in str(error.value)
    assert "name what the program does not need in its .rayignore (or .gitignore): train.py (" in (
        str(error.value)
    )


def test_a_script_must_be_among_what_is_sent(program: Path, tmp_path: Path) -> None:
    command = JobCommand("http://h:1", ("sweep", "random"), program / "a.py", {}, program)
    assert command.entrypoint() == (
        "cd program && exec python -m tune_mc1 sweep random --address=auto -- a.py"
    )
    given = replace(command, arguments=("--count", "two words"))
    assert given.entrypoint().endswith("--address=auto -- a.py --count 'two words'")
    with pytest.raises(InputError, match=r"b\.py: must be in .*, which is sent to the cluster"):
        JobCommand("http://h:1", ("sweep",), tmp_path / "b.py", {}, program).entrypoint()


def test_the_directory_is_that_of_the_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sent_with_job(tmp_path) is None
    sent = {"runtime_env": {"working_dir": f"gcs://{tmp_path.name}.zip"}}
    monkeypatch.setenv(str(JOB_CONFIG.get()), json.dumps(sent))
    assert sent_with_job(tmp_path / "program") == Path("program")
    with pytest.raises(InputError, match="must be in the working directory of this job"):
        sent_with_job(tmp_path.parent)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_job_runs_a_program(program: Path, tmp_path: Path, job_head: Head) -> None:
    out = tmp_path / "out"
    words = ("sweep", "grid", "sweep.yaml", "--wandb", "disabled", "--address", job_head.url)
    with driving(*words, "-o", out, cwd=program, **job_head.env) as driver:
        assert driver.wait(400) == 0, driver.out + driver.err
    assert f"Sending {program} to the cluster: " in driver.err
    assert "Ignoring upload" not in driver.err
    root = result_dir(out)
    rows = pd.read_parquet(root / "trials.parquet")
    assert list(rows["state"]) == ["completed"] * 2
    assert list(rows["epochs_run"]) == [4, 4]
    said = (root / "logs" / "t0001.log").read_text()
    assert re.search(
        r"in program \['.rayignore', 'data', .*'sweep.yaml', 'train.py'\] _ray_pkg_", said
    )
    assert "x" * 1000 in said
    again = (*words, "--resume", root)
    with driving(*again, cwd=program, **job_head.env) as driver:
        assert driver.wait(400) == 0, driver.out + driver.err
    assert "2 of 2 trials have already ended" in driver.out + driver.err
