"""A sweep as a job on a cluster that is up: what is sent, what comes back, and how it ends."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.running.test_sweep import run_sweep, tune_mc1
from tests.support.faults import (
    Driver,
    driving,
    events,
    reached,
    result_dir,
    same,
    wait_for,
    write_sweep,
)
from tests.support.in_process import sweep_here
from tests.support.job_head import TOKEN, Head

KEY = "0123456789abcdef" * 2 + "01234567"
ONE = ("--max-concurrent", "1")
OFF = ("--wandb", "disabled")
PACKAGE = Path(__file__).parents[2] / "tune_mc1"


def content(image_dir: Path, **parameters: Any) -> dict[str, Any]:
    chosen = {
        "model": {"value": "CNN_simple"},
        "learning_rate": {"values": [0.01, 0.03]},
        "epochs": {"value": 2},
        **parameters,
    }
    return {"method": "grid", "parameters": chosen, "data": str(image_dir), "fuse": "off"}


def line(driver: Driver, name: str) -> str:
    """The command that the driver's last words name so."""
    (found,) = [text for text in driver.err.splitlines() if text.startswith(name)]
    return found.partition(": ")[2]


def shell(command: str, head: Head, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", command],
        cwd=cwd,
        env=os.environ | head.env,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def job_id(driver: Driver) -> str:
    return driver.out.split("Job: ")[1].split()[0]


@pytest.mark.timeout(600)
def test_a_job_runs_the_code_from_here_and_gives_the_same_numbers(
    tmp_path: Path, image_dir: Path, job_head: Head
) -> None:
    shutil.copytree(PACKAGE, tmp_path / "code" / "tune_mc1")
    seen = tmp_path / "seen"
    seen.mkdir()
    with (tmp_path / "code" / "tune_mc1" / "running" / "worker.py").open("a") as file:
        file.write(f"\nimport os, pathlib\npathlib.Path({str(seen)!r}, str(os.getpid())).touch()\n")
    write_sweep(tmp_path / "a b", content(image_dir))
    words = ("sweep", "grid", "a b/sweep.yaml", "-o", tmp_path / "out", *ONE)
    env = {**job_head.env, "PYTHONPATH": str(tmp_path / "code"), "WANDB_API_KEY": KEY}
    env["WANDB_MODE"] = ""  # as if it were not set
    with driving(*words, "--address", job_head.url, cwd=tmp_path, **env) as driver:
        assert driver.wait(400) == 0, driver.out + driver.err
    root = result_dir(tmp_path / "out")
    assert "t0001 completed after epoch 2" in driver.out
    assert f"Results: {root}" in driver.out
    assert f"{root}/ results/{root.name}/ (with" in line(driver, "Fetch: ray rsync-down")
    assert len(list(seen.iterdir())) >= 2, "the driver and a trial's process at least"

    assert "W&B: the API key of this machine is not sent" in driver.err
    told = job_head.job(job_id(driver))
    assert told["runtime_env"]["env_vars"] == {"RAY_JOB_STOP_WAIT_TIME_S": "20"}
    for secret in (KEY, TOKEN):
        assert secret not in str(told) + driver.out + driver.err
    assert len(list((root / "wandb").glob("offline-run-*"))) == 2
    (tmp_path / "here").mkdir()
    quiet = sweep_here(tmp_path / "here", content(image_dir), "grid", *ONE, *OFF)
    same(root, quiet.root)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ctrl_c_detaches_and_the_job_goes_on(
    tmp_path: Path, image_dir: Path, job_head: Head
) -> None:
    file = write_sweep(tmp_path, content(image_dir, epochs={"value": 30}))
    out = tmp_path / "out"
    words = ("sweep", "grid", file, "-o", out, *OFF, "--address", job_head.url)
    with driving(*words, cwd=tmp_path, **job_head.env) as driver:
        wait_for(lambda: reached(out, 1), driver)
        os.killpg(driver.process.pid, 2)
        assert driver.wait(60) == 130
    assert f"Detached: the sweep continues as job {job_id(driver)}" in driver.err
    assert "Traceback" not in driver.err
    attached = shell(line(driver, "Attach"), job_head, tmp_path)
    assert attached.returncode == 0, attached.stderr
    assert "t0002 completed after epoch 30" in attached.stdout
    assert job_head.await_end(job_id(driver))["status"] == "SUCCEEDED"
    assert f"--resume {result_dir(out)}" in line(driver, "Resume")
    assert len(events(result_dir(out), "epoch")) == 60


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_job_is_steered_from_outside(tmp_path: Path, image_dir: Path, job_head: Head) -> None:
    file = write_sweep(tmp_path, content(image_dir, epochs={"value": 400}))
    out = tmp_path / "out"
    there = ("--address", job_head.url)
    with driving(
        "sweep", "grid", file, "-o", out, *ONE, *OFF, *there, cwd=tmp_path, **job_head.env
    ) as driver:
        wait_for(lambda: reached(out, 1), driver)
        root = result_dir(out)
        asked = tune_mc1("stop", root, "t0002", *there, cwd=tmp_path, **job_head.env)
        assert asked.returncode == 0, asked.stdout + asked.stderr
        assert "t0002 will not start" in asked.stdout
        refused = tune_mc1("add", root, "-n", "1", *there, cwd=tmp_path, **job_head.env)
        assert refused.returncode == 2, refused.stdout
        assert "add: grid runs every setting of its file" in refused.stdout
        assert tune_mc1("stop", root, *there, cwd=tmp_path, **job_head.env).returncode == 0
        assert driver.wait(100) == 130
    assert [e["trial"] for e in events(root, "end")] == ["t0002", "t0001"]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_job_that_is_stopped_ends_in_order_and_a_second_one_ends_the_sweep(
    tmp_path: Path, image_dir: Path, job_head: Head
) -> None:
    seeds = {"seed": {"values": list(range(6))}}
    file = write_sweep(tmp_path, content(image_dir, **seeds))
    out = tmp_path / "out"
    words = ("sweep", "grid", file, "-o", out, *ONE, *OFF)
    with driving(*words, "--address", job_head.url, cwd=tmp_path, **job_head.env) as driver:
        wait_for(lambda: reached(out, 1), driver)
        stop = f"RAY_AUTH_MODE=token ray job stop --address {job_head.url} {job_id(driver)}"
        stopped = shell(stop, job_head, tmp_path)
        assert driver.wait(100) == 130, driver.out
    assert stopped.returncode == 0, stopped.stdout
    assert job_head.job(job_id(driver))["status"] == "STOPPED"
    root = result_dir(out)
    assert events(root, "close"), "it had the time for that"
    ended = [e for e in events(root, "end") if e["state"] == "completed"]
    assert len(ended) < 12

    resumed = shell(line(driver, "Resume"), job_head, tmp_path)
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert f"{len(ended)} of 12 trials have already ended" in resumed.stdout
    (tmp_path / "here").mkdir()
    quiet = run_sweep(tmp_path / "here", content(image_dir, **seeds), "grid", *OFF)
    same(root, quiet.root)
