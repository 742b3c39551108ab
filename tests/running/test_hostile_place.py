"""A whole sweep where little is as usual; and no secret of it stands anywhere afterwards."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.test_bad_environment import ROOT, needs_mounts
from tests.support.wandb_server import WandbServer, wandb_server
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.provenance import provenance
from tune_mc1.results.tables import SweepTables

pytestmark = pytest.mark.usefixtures("wandb_as_usual")

KEY = "5ec4e7" * 6 + "5ec4"
TOKEN = "70ce70" * 10 + "abcd"
SWEEP = """
parameters:
  model: {value: CNN_simple}
  epochs: {value: 1}
  learning_rate: {values: [0.01, 0.03]}
"""


@dataclass
class Done:
    """A sweep that ran.

    Attributes:
        process: Its process.
        where: Its result directory.
        server: What W&B got.
        ray: Where Ray kept its session.
    """

    process: subprocess.CompletedProcess[bytes]
    where: ResultDir
    server: WandbServer
    ray: Path

    @property
    def tables(self) -> SweepTables:
        return self.where.read()


@pytest.fixture(scope="module")
def done(image_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    """No usable home, a tiny /dev/shm, names with spaces and without UTF-8, no visible GPU."""
    here = tmp_path_factory.mktemp("x") / "a place, café"
    here.mkdir()
    data = here / os.fsdecode(b"bild\xe9r")
    shutil.copytree(image_dir, data)
    file = os.fsdecode(b"my sweep \xf0\x9f\x98\x80 \xe9.yaml")
    (here / file).write_text(SWEEP)
    ray = Path(tempfile.mkdtemp(prefix="r", dir="/tmp"))  # short, as sockets need it
    prefix: list[str] = []
    if not needs_mounts.args[0]:
        mount = 'mount -t tmpfs -o size=1m x /dev/shm && exec "$@"'
        prefix = ["unshare", "-m", "sh", "-c", mount, "sh"]
    with wandb_server() as server:
        variables = {
            "HOME": "/proc/none",
            "CUDA_VISIBLE_DEVICES": "",
            "PYTHONPATH": str(ROOT),
            "RAY_AUTH_TOKEN": TOKEN,
            "RAY_TMPDIR": str(ray),
            "WANDB_API_KEY": KEY,
            "WANDB_BASE_URL": server.url,
        }
        words = ["sweep", "grid", file, "-d", data.name, "-o", "out put"]
        process = subprocess.run(
            [*prefix, sys.executable, "-m", "tune_mc1", *words],
            env=os.environ | variables,
            cwd=here,
            capture_output=True,
            timeout=250,
            check=False,
        )
        assert process.returncode == 0, process.stderr.decode(errors="replace")
        (directory,) = (here / "out put").iterdir()
        yield Done(process, ResultDir(directory), server, ray)
    shutil.rmtree(ray, ignore_errors=True)


def test_the_sweep_is_complete(done: Done) -> None:
    rows = list(done.tables.trials.values())
    assert [row["state"] for row in rows] == ["completed"] * 2
    assert {row["data"] for row in rows} == {"bild\ufffdr"}
    assert {row["device_name"] for row in rows} == {"cpu"}
    assert done.where.root.name.startswith("my sweep \U0001f600 \ufffd-")
    assert len(done.server.history) == 2
    assert all(len(history) == 1 for history in done.server.history.values())
    shown = subprocess.run(
        [sys.executable, "-m", "tune_mc1", "show", done.where.root],
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii:strict"},
        capture_output=True,
        check=True,
    )
    assert b"t0002" in shown.stdout


def test_no_secret_is_left_anywhere(done: Done) -> None:
    files = [p for p in (*done.where.root.rglob("*"), *done.ray.rglob("*")) if p.is_file()]
    assert {"provenance.json", "wandb.log", "trials.parquet"} <= {p.name for p in files}
    assert not any("raylet" in p.name for p in files)  # Ray's own files are gone with it
    said = {file: file.read_bytes() for file in files}
    said |= {Path("out"): done.process.stdout, Path("err"): done.process.stderr}
    for file, content in said.items():
        for secret in (KEY, TOKEN):
            assert secret.encode() not in content, file


def test_no_secret_of_the_command_line_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    words = ["tune_mc1", "sweep", f"--x={KEY}", "-o", "https://me:pass@host/x"]
    monkeypatch.setattr(sys, "argv", words)
    kept = json.dumps(provenance())
    assert KEY not in kept
    assert provenance()["command"][4:] == ["--x=***", "-o", "https://***@host/x"]
