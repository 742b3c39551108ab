"""Environments in which nothing can start, each with one line, and odd ones that are good enough.

Odd ones in which a whole sweep has to work are in `test_hostile_place.py`.
"""

import os
import platform
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from packaging.specifiers import SpecifierSet

from tests.support.bad_input import PARAMETERS, CommandLine

ROOT = Path(__file__).parents[2]
SWEEP = ("sweep", "grid", "sweep.yaml", "-d", "shapes10")


@pytest.fixture(autouse=True)
def sweep_file() -> None:
    Path("sweep.yaml").write_text(PARAMETERS)


def run(
    *words: str,
    env: Mapping[str, str | None] = {},
    before: str = "",
    prefix: tuple[str, ...] = (),
    **options: Any,
) -> tuple[int, str]:
    """Runs the command in a process of its own, after some code; gives status and errors."""
    start = "import runpy; runpy.run_module('tune_mc1', {}, '__main__')"
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **env}
    done = subprocess.run(
        [*prefix, sys.executable, "-c", f"{before}\n{start}", *words],
        env={name: value for name, value in variables.items() if value is not None},
        capture_output=True,
        timeout=120,
        check=False,
        **options,
    )
    return done.returncode, done.stderr.decode(errors="surrogateescape")


@pytest.mark.parametrize("version", [(3, 10), (3, 14), (2, 7)])
def test_wrong_python(version: tuple[int, int]) -> None:
    code = f"import sys; sys.version_info = {(*version, 0, 'final', 0)}"
    name = ".".join(map(str, version))
    message = f"tune_mc1: requires Python 3.11 to 3.13, got {name}\n"
    assert run("list", before=code) == (2, message)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"{name}.0" not in SpecifierSet(project["requires-python"])  # so pip refuses as well
    assert all(f"3.{n}.0" in SpecifierSet(project["requires-python"]) for n in (11, 12, 13))


def test_home_for_images_that_is_nowhere(
    command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUNE_MC1_DATA", "/proc/none")
    command_line.refuses(
        *("sweep", "grid", "sweep.yaml", "-d", "cifar10"),
        message="data: cifar10 is not on disk and could not be downloaded (/proc/none: CIFAR-10 "
        "cannot be stored there: No such file or directory); set TUNE_MC1_DATA to a folder that "
        "contains it, or use 'data: shapes10'",
    )
    monkeypatch.setenv("TUNE_MC1_DATA", "sweep.yaml")
    command_line.refuses(
        *("sweep", "grid", "sweep.yaml"),
        message="sweep.yaml: data: TUNE_MC1_DATA must name a folder, got 'sweep.yaml'",
    )


def test_working_directory_that_is_read_only(
    command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/proc")
    file = str(command_line.here / "sweep.yaml")
    command_line.refuses(
        *("sweep", "grid", file, "-d", "shapes10"),
        message="results: results cannot be written to 'results': No such file or directory",
    )
    assert command_line("sweep", "grid", file, "-d", "shapes10", "--dry-run") == (0, [])


needs_mounts = pytest.mark.skipif(
    shutil.which("unshare") is None
    or subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode != 0,
    reason="mounting takes rights that this user lacks",
)


@needs_mounts
def test_storage_that_is_read_only(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    mount = ("unshare", "-m", "sh", "-c", 'mount -t tmpfs -o ro x disk && exec "$@"', "sh")
    assert run(*SWEEP, "-o", "disk", prefix=mount) == (
        2,
        "-o: results cannot be written to 'disk': Read-only file system\n",
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_user_without_a_home_or_rights(tmp_path: Path) -> None:
    """A user id that no file knows, as in many containers."""
    code = (  # what it imports may lie where only root can read
        "import os, sys; words = sys.argv[1:];"
        "sys.argv[1:] = ['sweep', 'grid', 'sweep.yaml', '-d', 'shapes10', '--dry-run']\n"
        "import tune_mc1.running.start\nfrom tune_mc1.cli.app import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "sys.argv[1:] = words; os.setgroups([]); os.setgid(54321); os.setuid(54321);"
        "os.environ.pop('HOME', None); os.environ.pop('TUNE_MC1_DATA', None)"
    )
    for folder in (tmp_path, *tmp_path.parents):
        if folder.is_relative_to(tmp_path.parents[2]):
            folder.chmod(folder.stat().st_mode | 0o755)
    (tmp_path / "closed").mkdir(mode=0o700)
    (tmp_path / "closed" / "sweep.yaml").write_text(PARAMETERS)
    assert run(*SWEEP, "-o", ".", before=code) == (
        2,
        "-o: results cannot be written to '.': Permission denied\n",
    )
    assert run("sweep", "grid", "closed/sweep.yaml", before=code) == (
        2,
        "closed/sweep.yaml: cannot be read: Permission denied\n",
    )
    assert run("sweep", "grid", "sweep.yaml", "-d", "cifar10", before=code) == (
        2,
        "--data: TUNE_MC1_DATA: must name a folder for images, as there is no home directory\n",
    )


@pytest.mark.parametrize(
    "env",
    [
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "ascii:strict", "TERM": "dumb"},
        {"HOME": "", "CUDA_VISIBLE_DEVICES": "", "COLUMNS": "1"},
    ],
    ids=["C", "ascii", "empty"],
)
def test_odd_variables_are_good_enough(env: dict[str, str]) -> None:
    name = os.fsdecode(b"caf\xe9 au lait.yaml")
    shutil.copy("sweep.yaml", name)
    words = ("sweep", "grid", name, "-d", "shapes10", "--dry-run")
    assert run(*words, env=env) == (0, "")
    status, errors = run("sweep", "grid", "x" + name, env=env)
    assert (status, errors.count("\n")) == (2, 1)
    assert "au lait.yaml: no such file" in errors


@pytest.fixture(scope="module")
def head() -> Iterator[str]:
    """Address of a Ray cluster."""
    code = (
        "import ray, sys; info = ray.init(num_cpus=1, include_dashboard=False);"
        "print('AT', info.address_info['gcs_address'], flush=True); sys.stdin.read()"
    )
    env = os.environ | {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "a" * 64}
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield next(line.split()[1] for line in process.stdout if line.startswith("AT"))
        process.communicate()


def test_ray_of_another_version(head: str) -> None:
    env = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "a" * 64}
    code = "import ray; ray.__version__ = '2.11.0'"
    status, errors = run(*SWEEP, "--address", head, env=env, before=code)
    import ray

    python = platform.python_version()
    assert (status, errors) == (
        2,
        f"--address {head}: must run Ray 2.11.0 and Python {python} as here, got Ray "
        f"{ray.__version__} and Python {python}\n",
    )


@pytest.mark.slow  # Ray tries for 20 seconds, and says so itself
def test_ray_with_another_token(head: str) -> None:
    status, errors = run(*SWEEP, "--address", head, env={"RAY_AUTH_TOKEN": "b" * 64})
    assert (status, errors.splitlines()[-1]) == (
        2,
        f"--address {head}: Failed to connect to Ray cluster at {head}: not a Ray "
        "cluster, or its token differs (set RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH)",
    )
    assert "Traceback" not in errors
    assert "a" * 64 not in errors
    assert "b" * 64 not in errors


@pytest.mark.skipif(
    shutil.which("unshare") is None
    or subprocess.run(["unshare", "-pf", "true"], capture_output=True, check=False).returncode != 0,
    reason="a space of processes of its own takes rights that this user lacks",
)
def test_auto_where_no_ray_runs(tmp_path: Path) -> None:
    """Ray looks for one in its temporary directory, and among all processes."""
    alone = ("unshare", "--pid", "--fork", "--mount-proc")
    env = {"RAY_TMPDIR": str(tmp_path), "RAY_ADDRESS": None, "HOME": str(tmp_path)}
    assert run(*SWEEP, "-o", "out", "--address", "auto", env=env, prefix=alone) == (
        2,
        "--address auto: Ray is not running on this machine (`ray start --head` starts it)\n",
    )
