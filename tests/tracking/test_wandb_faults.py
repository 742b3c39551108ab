"""W&B fails in every way it can: the sweep is neither stopped nor slowed, and it is said once."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.played_sweep import RATES, Run, Sweep, wait_until_gone
from tune_mc1.errors import InputError
from tune_mc1.tracking.wandb.mirror import WandbMirror
from tune_mc1.tracking.wandb.mode import choose_mode
from tune_mc1.tracking.wandb.offline_file import is_whole

KEY = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def sweep(tmp_path: Path) -> Iterator[Sweep]:
    sweep = Sweep(tmp_path)
    yield sweep
    sweep.let_go()
    sweep.mirror.finish(0)


def refusing_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


def _go_online(sweep: Sweep, monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    monkeypatch.setenv("WANDB_BASE_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("WANDB_INIT_TIMEOUT", "3")
    sweep.mirror = WandbMirror(sweep.where, "online", sweep.hear)


def test_server_that_refuses(sweep: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    _go_online(sweep, monkeypatch, refusing_port())
    began = time.monotonic()
    sweep.mirror.start()
    sweep.run_all()
    for _ in range(1000):
        sweep.mirror.check()
    assert time.monotonic() - began < 2
    sweep.close()
    assert len(sweep.notices) == 1, sweep.notices
    (notice,) = sweep.notices
    assert "connection refused" in notice
    assert str(sweep.where.wandb) in notice
    for trial in RATES:  # offline then, and of the first, which was tried, only one file as well
        assert Run(sweep.where, trial).epochs == [1, 2]
    for file in sweep.where.root.rglob("*"):
        assert not file.is_file() or KEY.encode() not in file.read_bytes(), file


def test_server_that_never_answers(sweep: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        _go_online(sweep, monkeypatch, silent.getsockname()[1])
        monkeypatch.setenv("WANDB_INIT_TIMEOUT", "100")
        sweep.mirror.start()
        sweep.run_all()
        silent.settimeout(60)
        silent.accept()
        began = time.monotonic()
        sweep.close(timeout_s=1)
        assert time.monotonic() - began < 15
    assert sweep.mirror._process is not None
    wait_until_gone(sweep.mirror._process.pid)
    (notice,) = sweep.notices
    assert "t0001, t0002, t0003, t0004" in notice
    assert sweep.where.read().trials["t0004"]["epochs_run"] == 2


def test_directory_that_cannot_be_written(sweep: Sweep) -> None:
    sweep.where.wandb.write_text("in the way")
    sweep.mirror.start()
    sweep.run_all()
    sweep.close()
    died, incomplete = sweep.notices
    assert "FileExistsError" in died
    assert str(sweep.where.log("wandb")) in died
    assert "t0001, t0002, t0003, t0004" in incomplete


def test_wandb_that_cannot_be_imported(sweep: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = sweep.where.root / "broken" / "wandb"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text(f"raise ImportError('no wandb here, key {KEY}')")
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    monkeypatch.setenv("PYTHONPATH", str(broken.parent))
    sweep.mirror.start()
    sweep.run_all()
    assert sweep.mirror._process is not None
    sweep.mirror._process.wait(60)
    for _ in range(3):
        time.sleep(0.6)
        sweep.mirror.check()
    assert len(sweep.notices) == 1
    assert "no wandb here, key ***" in sweep.notices[0]
    sweep.close()
    assert len(sweep.notices) == 2


def test_process_that_was_killed(sweep: Sweep) -> None:
    sweep.mirror.start()
    sweep.run_all()
    assert sweep.mirror._process is not None
    os.kill(sweep.mirror._process.pid, signal.SIGKILL)
    sweep.close()
    assert f"status {-signal.SIGKILL}" in sweep.notices[0]
    assert len(sweep.notices) == 2


def test_file_that_was_cut_is_not_taken_for_whole(sweep: Sweep, tmp_path: Path) -> None:
    sweep.mirror.start()
    sweep.start("t0001")
    for epoch in range(1, 201):  # more than one block of the file
        sweep.epoch("t0001", epoch)
    sweep.end("t0001")
    sweep.close()
    run = Run(sweep.where, "t0001")
    content = run.file.read_bytes()
    assert (run.epochs, len(content) > 32768) == (list(range(1, 201)), True)
    assert is_whole(run.file)
    cut = tmp_path / "cut.wandb"
    for size in (0, 5, 7, 10, 32768, 32770, len(content) // 2, len(content) - 1):
        cut.write_bytes(content[:size])
        assert not is_whole(cut), size


def test_process_loads_neither_torch_nor_ray() -> None:
    code = (
        "import sys, json, tune_mc1.tracking.wandb.mode;"
        "first = set(sys.modules);"
        "import tune_mc1.tracking.wandb.mirror, tune_mc1.tracking.wandb.runs;"
        "heavy = {'torch', 'ray', 'lightning', 'wandb', 'pandas'};"
        "print(json.dumps([sorted(heavy & first), sorted(heavy & set(sys.modules))]))"
    )
    root = Path(__file__).parents[2]
    text = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=root)
    assert json.loads(text.stdout) == [[], ["wandb"]]


NETRC = "machine api.wandb.ai login user password " + KEY


@pytest.mark.parametrize(
    ("flag", "variables", "netrc", "settings", "mode"),
    [
        (None, {}, "", "", "offline"),
        (None, {"WANDB_API_KEY": KEY}, "", "", "online"),
        (None, {}, NETRC, "", "online"),
        (None, {"WANDB_BASE_URL": "https://wandb.me.org:8080"}, NETRC, "", "offline"),
        (
            None,
            {"WANDB_BASE_URL": "https://wandb.me.org:8080"},
            NETRC.replace("api.wandb.ai", "wandb.me.org:8080"),
            "",
            "online",
        ),
        (None, {}, NETRC, "base_url = https://me.org", "offline"),
        (None, {}, NETRC, "mode = offline", "offline"),
        (None, {}, NETRC, "mode = disabled", "disabled"),
        (None, {}, "machine", "", "offline"),
        (None, {"WANDB_MODE": "dryrun"}, NETRC, "", "offline"),
        (None, {"WANDB_MODE": "disabled"}, NETRC, "", "disabled"),
        ("offline", {"WANDB_MODE": "online"}, NETRC, "", "offline"),
        ("online", {"WANDB_MODE": "offline"}, NETRC, "mode = disabled", "online"),
        ("disabled", {}, NETRC, "", "disabled"),
    ],
)
def test_mode(
    flag: str | None,
    variables: dict[str, str],
    netrc: str,
    settings: str,
    mode: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("NETRC", raising=False)
    (tmp_path / ".netrc").write_text(netrc)
    (tmp_path / ".config" / "wandb").mkdir(parents=True)
    (tmp_path / ".config" / "wandb" / "settings").write_text(f"[default]\n{settings}\n")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert choose_mode(flag) == mode


@pytest.mark.parametrize(
    ("flag", "variable", "message"),
    [
        ("online", "", "--wandb: online requires an API key"),
        (None, "online", "WANDB_MODE: online requires an API key"),
        (
            None,
            "offlin",
            "WANDB_MODE: must be one of online, offline, disabled, did you mean 'offline'?, "
            "got 'offlin'",
        ),
    ],
)
def test_mode_that_cannot_be(
    flag: str | None, variable: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("WANDB_MODE", variable)
    with pytest.raises(InputError, match=message.replace("?", r"\?")):
        choose_mode(flag)
