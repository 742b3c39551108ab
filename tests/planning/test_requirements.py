"""`requirements` of a file with a program: read, checked where nothing installs them, and sent."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from tests.support.in_process import run_here
from tests.support.programs import content
from tune_mc1.config.load import config_to_yaml, load_sweep
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.errors import InputError
from tune_mc1.running.program_start import cluster_environment


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("train.py").touch()
    Path("more").mkdir()
    Path("requirements.txt").write_text(
        "# ours\n--extra-index-url https://host/simple\nnumpy>=1  # any\n-r more/base.txt\n\n"
    )
    Path("more/base.txt").write_text("nosuchpackage[all]==1.0; python_version >= '3'\n")


def read(requirements: Any) -> ProgramSweep:
    Path("sweep.yaml").write_text(yaml.safe_dump(content(requirements=requirements)))
    sweep = load_sweep(Path("sweep.yaml")).sweep
    assert isinstance(sweep, ProgramSweep)
    return sweep


def test_a_file_is_read_with_those_that_it_includes() -> None:
    sweep = read("requirements.txt")
    lines = (
        "--extra-index-url https://host/simple",
        "numpy>=1",
        "nosuchpackage[all]==1.0; python_version >= '3'",
    )
    assert sweep.requirements == lines
    Path("resolved.yaml").write_text(config_to_yaml(sweep))
    assert load_sweep(Path("resolved.yaml")).sweep == sweep
    notices: list[str] = []
    Path("out").mkdir()
    Path("out", "result").touch()
    environment = cluster_environment(sweep, Path("out"), notices.append)
    assert environment is not None
    assert environment["excludes"][-1] == "/out/"
    assert environment["pip"] == {"packages": list(lines), "pip_check": False}
    assert len(notices) == 1
    assert ": 5 files, " in notices[0]


@pytest.mark.parametrize(
    ("requirements", "rule"),
    [
        ("none.txt", "cannot be read: No such file or directory, got '"),
        ([], "must name at least one package, got []"),
        ({"a": 1}, "must be a list of packages, or the path of a requirements.txt, got {'a': 1}"),
        (["-e ."], "must be a package that every node can get, not a file of this machine, got"),
        (["two words"], "must be a package as pip takes it, such as timm>=1.0, got 'two words'"),
    ],
)
def test_what_pip_would_not_take(requirements: Any, rule: str) -> None:
    with pytest.raises(InputError) as error:
        read(requirements)
    (line,) = error.value.problems
    assert f"requirements: {rule}" in line


def test_here_they_must_be_installed() -> None:
    words = ("sweep", "grid", "sweep.yaml", "--wandb", "disabled")
    read(["numpy<1", "nosuchpackage", "packaging"])
    done = run_here(*words, cwd=Path.cwd())
    assert done.returncode == 2
    assert (
        "requirements: must be installed here, as only Ray on a cluster (--address) installs them, "
        f"got numpy<1 (is {np.__version__}), nosuchpackage (missing): "
        "python -m pip install 'numpy<1' nosuchpackage" in done.stderr
    )
    assert not Path("results").exists()
