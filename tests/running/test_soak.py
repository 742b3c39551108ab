"""A short soak; the long one is `python -m tests.soak`.

It is slow, and repeats what quicker tests prove for each fault, to the last bit: `test_resume.py`
(everything is killed, twice), `test_killed_driver.py`, `test_retries.py` (a trial's process is
killed or hangs) and `test_interruption.py` (signals, and the loss of Ray's own processes).
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_a_short_soak_loses_nothing(tmp_path: Path) -> None:
    words = ["--seconds", "200", "--faults", "1", "--seed", "1", "--trials", "8", "--folder"]
    words.append(str(tmp_path / "soak"))
    done = subprocess.run(
        [sys.executable, "-m", "tests.soak", *words],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "trials lost: 0" in done.stdout
    assert "differences: 0" in done.stdout
    assert re.search(r"s, 1 faults:", done.stdout), done.stdout
