"""A process that trains imports no package that it does not use."""

import subprocess
import sys
from pathlib import Path

CODE = """
import sys
from pathlib import Path
from tune_mc1.running.worker import run_in_tune  # what a process of Ray has imported by then
from tune_mc1.training.lightning_private import UNUSED
from tune_mc1.training.trial_log import trial_log
with trial_log(Path(sys.argv[1])):
    import tune_mc1.training.run_trials
loaded = [name for name in UNUSED if name in sys.modules]
import scipy, torchvision.models
from matplotlib import pyplot
from lightning_utilities.core.imports import RequirementCache, package_available
print(loaded, package_available("scipy"), bool(RequirementCache("torchvision")))
"""


def test_unused_packages_are_left_out_and_can_be_imported_later(tmp_path: Path) -> None:
    words = [sys.executable, "-c", CODE, str(tmp_path / "log.txt")]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[-2] == "[] True True"
