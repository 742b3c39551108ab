"""A process that trains imports no package that it does not use."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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


NEEDS_TORCHVISION = """
import torchvision

class AutoModel: ...
AutoTokenizer = AutoModelForMaskedLM = PreTrainedModel = PreTrainedTokenizerBase = AutoModel
CLIPModel = CLIPProcessor = BatchEncoding = AutoFeatureExtractor = AutoProcessor = AutoModel
"""
LOAD = """
import sys
from tune_mc1.training import lightning_private
lightning_private.UNUSED = eval(sys.argv[1]) or lightning_private.UNUSED
lightning_private.load_lightning()
print("transformers" in sys.modules)
from lightning.pytorch import Trainer
import transformers, torchvision
"""


@pytest.mark.parametrize(("unused", "imported"), [(None, False), (("scipy", "torchvision"), True)])
def test_an_installed_package_that_needs_an_unused_one(
    tmp_path: Path, unused: tuple[str, ...] | None, imported: bool
) -> None:
    """One that is known is left out, too; for another one nothing is."""
    (tmp_path / "transformers.py").write_text(NEEDS_TORCHVISION)
    info = tmp_path / "transformers-5.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: transformers\nVersion: 5.1.0\n")
    path = f"{tmp_path}:{Path(__file__).parents[2]}"
    done = subprocess.run(
        [sys.executable, "-c", LOAD, repr(unused)],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(imported)]
