"""Real processes: how they end, and that none is left."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tune_mc1.programs.failure import last_words
from tune_mc1.programs.process import Ending, Program


def start(folder: Path, code: str, *words: str, grace_s: float = 5.0) -> Program:
    log = folder / "logs" / "trial.log"
    line = [sys.executable, "-c", code, *words]
    return Program(line, folder, dict(os.environ), log, grace_s=grace_s)


def log_of(folder: Path, wait_for: str = "") -> str:
    """The log, once it says something."""
    path = folder / "logs" / "trial.log"
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if path.exists() and wait_for in path.read_text():
            return path.read_text()
        time.sleep(0.02)
    raise AssertionError(f"no {wait_for!r} in {path}")


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_gone(*pids: int, limit_s: float = 10) -> None:
    end = time.monotonic() + limit_s
    while not all(map(gone, pids)):
        assert time.monotonic() < end, [pid for pid in pids if not gone(pid)]
        time.sleep(0.02)


SLEEPERS = """
import os, subprocess, sys, time
inner = "import os, time; os.write(1, b'child %d\\\\n' % os.getpid()); time.sleep(300)"
subprocess.Popen([sys.executable, "-c", inner])
subprocess.Popen([sys.executable, "-c", inner], start_new_session=True)
while True:
    time.sleep(0.05)
    if os.path.exists("end"):
        break
"""


def children(folder: Path) -> list[int]:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        lines = log_of(folder, "child").split("\n")[:-1]
        found = [int(line.split()[1]) for line in lines if line[:5] == "child"]
        if len(found) == 2:
            return found
        time.sleep(0.02)
    raise AssertionError("the children did not start")


def test_it_runs_where_it_is_told_and_ends_well(tmp_path: Path) -> None:
    code = "import os, sys; print(os.getcwd(), sys.argv[1]); print('low', file=sys.stderr)"
    with start(tmp_path, code, "a b") as program:
        assert program.wait(30) == Ending("exit", 0)
        assert program.ending is not None
        assert program.ending.ok
    assert sorted(log_of(tmp_path).splitlines()) == sorted([f"{tmp_path} a b", "low"])


def test_it_has_nothing_to_read(tmp_path: Path) -> None:
    with start(tmp_path, "input()") as program:
        assert program.wait(30) == Ending("exit", 1)
    assert last_words(tmp_path / "logs" / "trial.log").startswith("EOFError")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import sys; sys.exit(3)", "exit status 3"),
        ("import os; os.kill(os.getpid(), 9)", "killed by SIGKILL (out of memory?)"),
        ("import os; os.kill(os.getpid(), 11)", "killed by SIGSEGV"),
        ("import os; os.kill(os.getpid(), 40)", "killed by signal 40"),
    ],
)
def test_how_it_ended(tmp_path: Path, code: str, words: str) -> None:
    with start(tmp_path, code) as program:
        assert str(program.wait(30)) == words


def test_a_command_that_is_gone_by_now(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with Program(["no-such-command-7"], tmp_path, {"PATH": "/bin"}, log) as program:
        assert program.wait(30) == Ending("exit", 127)
    assert last_words(log) == "no-such-command-7: No such file or directory"


def test_stop_is_a_sigterm_to_the_group(tmp_path: Path) -> None:
    code = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('tidied'), sys.exit(7)))\n"
        "print('ready', flush=True)\n"
        "time.sleep(300)"
    )
    with start(tmp_path, code) as program:
        log_of(tmp_path, "ready")
        assert program.wait(0.0) is None
        program.stop()
        assert program.wait(30) == Ending("exit", 7)
    assert "tidied" in log_of(tmp_path)


def test_one_that_has_hardly_begun_gets_its_sigterm(tmp_path: Path) -> None:
    for _ in range(5):
        with start(tmp_path, "import time; time.sleep(300)", grace_s=2.0) as program:
            program.stop()
            assert program.wait(30) == Ending("signal", signal.SIGTERM)


def test_one_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    code = (
        "import signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('ready', flush=True)\n"
        "time.sleep(300)"
    )
    with start(tmp_path, code, grace_s=0.5) as program:
        log_of(tmp_path, "ready")
        begin = time.monotonic()
        program.stop()
        assert program.wait(30) == Ending("signal", signal.SIGKILL)
        assert 0.4 < time.monotonic() - begin < 5


def test_children_do_not_outlive_it(tmp_path: Path) -> None:
    """Neither those of its group nor one with a session of its own."""
    with start(tmp_path, SLEEPERS) as program:
        pids = children(tmp_path)
        (tmp_path / "end").touch()
        assert program.wait(30) == Ending("exit", 0)
    assert all(map(gone, pids))


def test_nothing_outlives_a_stop(tmp_path: Path) -> None:
    with start(tmp_path, SLEEPERS) as program:
        pids = children(tmp_path)
        assert program.pid is not None
    assert all(map(gone, [*pids, program.pid]))


def test_nothing_outlives_the_sweep(tmp_path: Path) -> None:
    """Not even if the sweep's process is killed at once, as Ray does with a worker."""
    code = f"""
import os, sys, threading, time
from pathlib import Path
from tune_mc1.programs.process import Program
def begin():
    global program
    line = [sys.executable, "-c", {SLEEPERS!r}]
    program = Program(line, Path({str(tmp_path)!r}), dict(os.environ), Path("logs/trial.log"))
    while program.pid is None:
        program.wait(0.01)
thread = threading.Thread(target=begin)  # which has ended long before the program shall
thread.start(); thread.join()
print(program.pid, flush=True)
time.sleep(300)
"""
    sweep = subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    assert sweep.stdout is not None
    pids = [int(sweep.stdout.readline()), *children(tmp_path)]
    assert not any(map(gone, pids))
    sweep.kill()
    sweep.wait()
    wait_gone(*pids)


def test_it_dies_with_its_supervisor(tmp_path: Path) -> None:
    with start(tmp_path, SLEEPERS) as program:
        pids = children(tmp_path)
        sessions = [os.getsid(pid) for pid in pids]
        assert program.pid is not None
        psutil.Process(program.pid).parent().kill()  # type: ignore[union-attr]
        ending = program.wait(30)
        assert ending is not None
        assert "supervising" in str(ending)
        wait_gone(program.pid, *set(pids).difference(sessions))
    for pid in set(pids).intersection(sessions):  # nobody is left that knows of this one
        os.kill(pid, signal.SIGKILL)


def test_100_mb_of_output_cost_no_memory(tmp_path: Path) -> None:
    code = "line = b'x' * 999 + b'\\n'; import os\nfor _ in range(100_000): os.write(1, line)"
    before = psutil.Process().memory_info().rss
    with start(tmp_path, code) as program:
        ending = program.wait(120)
        assert ending is not None
        assert ending.ok
    log = tmp_path / "logs" / "trial.log"
    assert log.stat().st_size == 100_000_000
    begin = time.process_time()
    assert last_words(log).startswith("xxx")
    assert time.process_time() - begin < 0.1
    assert psutil.Process().memory_info().rss - before < 20e6


REFUSED = """
import argparse
p = argparse.ArgumentParser(prog="train.py"); p.add_argument("--data", required=True)
p.add_argument("--a-rather-long-option"); p.add_argument("--another-rather-long-option")
p.parse_args()
"""
RAISED = """
import atexit, sys
@atexit.register
def wandb_says():
    print("wandb: Run history:\\nwandb: a 1", file=sys.stderr)
print("\\x1b[31mred\\x1b[0m")
def train():
    raise ValueError("the batch is\\nempty")
train()
"""
BAR = "import sys\nfor i in range(5): print(f'\\r{i} of 5', end='')\nprint('\\nbye'); sys.exit(1)"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (
            REFUSED,
            "usage: train.py [-h] --data DATA [--a-rather-long-option A_RATHER_LONG_OPTION] "
            "[--another-rather-long-option ANOTHER_RATHER_LONG_OPTION] | "
            "train.py: error: the following arguments are required: --data",
        ),
        (RAISED, 'ValueError: the batch is | empty | File "<string>", line 8, in train'),
        (BAR, "4 of 5 | bye"),
        ("raise SystemExit('no data')", "no data"),
        ("raise SystemExit(1)", ""),
    ],
    ids=["argparse", "exception", "bar", "message", "silence"],
)
def test_the_last_words(tmp_path: Path, code: str, words: str) -> None:
    with start(tmp_path, code) as program:
        ending = program.wait(30)
        assert ending is not None
        assert not ending.ok
    assert last_words(tmp_path / "logs" / "trial.log") == words
