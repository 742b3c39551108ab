"""What `train` prints."""

import subprocess
import sys
from pathlib import Path


def test_lightning_says_nothing_in_the_terminal(tmp_path: Path, image_dir: Path) -> None:
    """As in a sweep, its lines are in the trial's log; what others warn of is shown."""
    sets = ("--set", "model=CNN_simple", "--set", "epochs=1")
    words = ("train", "--data", str(image_dir), "--limit-images", "0.2", *sets, "-o", "out")
    script = (
        "import sys, warnings, logging\n"
        "from tune_mc1.training import run_trials\n"
        "inside = run_trials.score_test\n"
        "def score_test(*args):\n"
        "    warnings.warn('a network of ours warns')\n"
        "    return inside(*args)\n"
        "run_trials.score_test = score_test\n"
        f"sys.argv = ['tune_mc1', *{words!r}]\n"
        "from tune_mc1.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    shown = done.stdout + done.stderr
    for noise in ("GPU", "TPU", "Trainer.fit", "srun", "Search: grid", "leaked"):
        assert noise not in shown
    assert "a network of ours warns" in done.stderr
    (root,) = (tmp_path / "out").iterdir()
    log = (root / "logs" / "t0001.log").read_text()
    assert "GPU available" in log
    assert " INFO t0001 on cpu, " in log
    assert "t0001 on cpu" not in shown
    assert "a network of ours warns" in log
