"""How `clusters/slurm.sh` ends, with stand-ins for the commands that it runs.

The lab (`tests/lab/test_slurm.py`) runs it on a real Slurm.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

SCRIPT = Path(__file__).parents[2] / "clusters" / "slurm.sh"
JOB = f"{os.getpid()}7"
TEMP = Path(f"/tmp/ray-{JOB}-0")
COMMANDS = {
    "scontrol": """
[ "$1" != requeue ] || echo "$*" >>"$STUB/log"
[ "$1 $2" != "show job" ] || echo "PreemptTime=$(cat "$STUB/preempted" || echo None)"
echo "NodeAddr=127.0.0.1 \"""",
    "srun": 'echo srun >>"$STUB/log"; while [ "$1" != bash ]; do shift; done; exec "$@"',
    "ray": 'mkdir "/tmp/ray-$SLURM_JOB_ID-0"; echo $$ >"$STUB/ray_pid"; exec sleep 100',
    "python": f"""
[ "$1" != -c ] || exec {sys.executable} "$@"
if [ "$1" = - ]; then until [ -s "$STUB/ray_pid" ]; do sleep 0.05; done; exit; fi
sweep=$TUNE_MC1_OUTPUT/slurm-$SLURM_JOB_ID/sweep
mkdir -p "$sweep"; echo '{{"event":"epoch"}}' >>"$sweep/journal.jsonl"
trap 'exit 130' TERM
echo sweep >>"$STUB/log"
while kill -0 "$(cat "$STUB/ray_pid")" 2>/dev/null; do
  [ ! -e "$STUB/finish" ] || exit 0; sleep 0.05
done
exit 1""",
}
"""By name; the sweep ends with 130 as it is told to, and with 1 where its Ray has ended."""


def finish(batch: int, ray: int, folder: Path) -> None:
    (folder / "finish").touch()


def limit_is_near(batch: int, ray: int, folder: Path) -> None:
    os.kill(batch, signal.SIGUSR1)


def tell_the_step(batch: int, ray: int, folder: Path) -> None:
    """As `scancel --signal=TERM` does."""
    os.kill(psutil.Process(ray).ppid(), signal.SIGTERM)


def preempt(batch: int, ray: int, folder: Path) -> None:
    """As Slurm does at the begin of a GraceTime."""
    (folder / "preempted").write_text("2026-11-28T14:20:00")
    tell_the_step(batch, ray, folder)


def tell_both(batch: int, ray: int, folder: Path) -> None:
    """As `scancel` does, and Slurm when it preempts a job and requeues it."""
    tell_the_step(batch, ray, folder)
    os.kill(batch, signal.SIGTERM)


def environment(folder: Path, **commands: str) -> dict[str, str]:
    """That of a job of one node, with stand-ins for commands."""
    for name, text in {**COMMANDS, **commands}.items():
        (folder / name).write_text(f"#!/bin/bash\n{text}\n")
        (folder / name).chmod(0o755)
    slurm = {"JOB_ID": JOB, "JOB_NUM_NODES": "1", "CPUS_ON_NODE": "1", "NODEID": "0"}
    env = {f"SLURM_{name}": value for name, value in slurm.items()}
    env |= {"SLURMD_NODENAME": "n", "STUB": str(folder), "PATH": f"{folder}:/usr/bin:/bin"}
    return env | {"TUNE_MC1_OUTPUT": str(folder / "out")}


def test_a_ray_that_does_not_start_ends_the_job(tmp_path: Path) -> None:
    """At once, by the script's own wait for the nodes; nothing listens at its port."""
    env = environment(
        tmp_path,
        ray="echo 'no such option' >&2; exit 2",
        python=f'[ "$1" != -m ] || echo sweep >>"$STUB/log"; exec {sys.executable} "$@"',
    )
    words = ["bash", str(SCRIPT), "grid", "sweep.yaml"]
    done = subprocess.run(
        words, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    log = tmp_path / "out" / f"slurm-{JOB}" / "ray-0.log"
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"Not all nodes have started Ray: {log}\n"
    assert "no such option" in log.read_text()
    assert (tmp_path / "log").read_text() == "srun\nsrun\n"
    assert [path.name for path in log.parent.iterdir()] == ["ray-0.log"]


@pytest.mark.parametrize(
    ("action", "status", "calls"),
    [
        (finish, 0, ["srun", "sweep", "srun"]),
        (limit_is_near, 130, ["srun", "sweep", "srun", f"requeue {JOB}"]),
        (preempt, 130, ["srun", "sweep", "srun", f"requeue {JOB}"]),
        (tell_the_step, 1, ["srun", "sweep", "srun"]),
        (tell_both, 130, ["srun", "sweep"]),  # which can start nothing any more
    ],
    ids=["finish", "limit", "grace", "signal", "cancelled"],
)
def test_it_ends(
    tmp_path: Path, action: Callable[[int, int, Path], None], status: int, calls: list[str]
) -> None:
    env = environment(tmp_path)
    log, ray = tmp_path / "log", tmp_path / "ray_pid"
    try:
        words = ["bash", str(SCRIPT), "grid", "sweep.yaml"]
        with subprocess.Popen(words, env=env, stderr=subprocess.STDOUT, cwd=tmp_path) as batch:
            end = time.monotonic() + 30
            while not (log.exists() and "sweep" in log.read_text()) and time.monotonic() < end:
                time.sleep(0.05)
            action(batch.pid, int(ray.read_text()), tmp_path)
            assert batch.wait(30) == status
        assert log.read_text().split("\n")[:-1] == calls
        assert not TEMP.exists()
        assert {path.name for path in (tmp_path / "out" / f"slurm-{JOB}").iterdir()} == {
            "ray-0.log",
            "sweep",
        }
    finally:
        shutil.rmtree(TEMP, ignore_errors=True)
