"""A process that trains imports no package that it does not use."""

import subprocess
import sys

CODE = """
import sys
from tune_mc1.training.lightning_private import UNUSED, load_lightning
load_lightning()
import tune_mc1.training.trial
loaded = [name for name in UNUSED if name in sys.modules]
import scipy, torchvision.models
from matplotlib import pyplot
from lightning_utilities.core.imports import RequirementCache, package_available
print(loaded, package_available("scipy"), bool(RequirementCache("torchvision")))
"""


def test_unused_packages_are_left_out_and_can_be_imported_later() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[-2] == "[] True True"
