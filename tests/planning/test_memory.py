"""Groups that do not fit into memory: kept small beforehand, or halved when it runs out."""

import subprocess
import sys
from pathlib import Path

import pytest

from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Holdout
from tune_mc1.data.images import ImageData
from tune_mc1.planning.memory import available_memory, group_limit, image_bytes, trial_bytes
from tune_mc1.running.worker import SweepContext, parts_that_fit

CIFAR = (3, 32, 32)
GIB = 2**30


def test_a_trial_takes_its_weights_and_its_activations() -> None:
    mlp, wide = (trial_bytes(TrialConfig(model="MLP", batch_size=b), CIFAR, 10) for b in (1, 512))
    assert 3 * 4 * 45_472_110 < mlp < 1.01 * 3 * 4 * 45_472_110
    assert mlp < wide < 1.2 * mlp, "an MLP is nearly all weights"
    small, large = (trial_bytes(TrialConfig(batch_size=b), CIFAR, 10) for b in (32, 320))
    assert 5 * small < large < 10 * small, "a CNN is nearly all activations"
    adam = trial_bytes(TrialConfig(model="MLP", optimizer="Adam", batch_size=1), CIFAR, 10)
    assert adam == pytest.approx(mlp * 4 / 3, rel=0.01)


def test_windows_take_memory_on_a_gpu() -> None:
    config = TrialConfig(model="CNN", batch_size=32)
    windows = 3 * 25 * 28 * 28 + 6 * 25 * 10 * 10  # numbers of the first and the second layer
    weights = 62_006
    more = trial_bytes(config, CIFAR, 10, gpu=True) - trial_bytes(config, CIFAR, 10)
    assert more == 4 * (2 * 32 * windows + 3 * weights)
    wide = TrialConfig(model="CNN8", batch_size=32)
    more = trial_bytes(wide, CIFAR, 10, gpu=True) - trial_bytes(wide, CIFAR, 10)
    assert more < 4 * 2 * 32 * 4 * 25 * 32 * 32 + 4 * 3 * 10_000_000, "its first layer alone"


def test_validation_on_a_gpu_keeps_within_its_memory() -> None:
    wide = TrialConfig(model="CNN8")
    assert image_bytes(wide, CIFAR, 10, fused=False) == 4 * (128 + 64) * 32 * 32
    assert image_bytes(wide, (3, 64, 64), 10, fused=False) == 4 * (128 + 64) * 64 * 64
    narrow = TrialConfig(model="CNN")
    alone, fused = (image_bytes(narrow, CIFAR, 10, fused=fused) for fused in (False, True))
    assert (alone, fused) == (4 * (3 * 32 * 32 + 6 * 28 * 28), alone + 4 * 75 * 28 * 28)
    assert image_bytes(TrialConfig(model="MLP"), CIFAR, 10, fused=True) == 4 * (5000 + 5000)


def test_a_group_is_as_large_as_memory_allows(
    images: ImageData, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = TrialConfig(model="VGG")
    assert group_limit(config, CIFAR, 10, 1000 * GIB) > group_limit(config, CIFAR, 10, 4 * GIB) > 1
    assert group_limit(config, CIFAR, 10, 1) == 1
    assert 0 < available_memory(1, gpu=0) <= available_memory(10_000, gpu=0)
    trials = [Trial(id=f"t{i}", config=config) for i in range(5)]
    context = SweepContext(Path(), "val_acc", True, Holdout(), threads=1, gpu=0)
    assert [len(p) for p in parts_that_fit(trials, context, images)] in (
        [5],
        [4, 1],
        [3, 2],
        [2, 2, 1],
    )
    enough = 2.5 * trial_bytes(config, CIFAR, 10) / 0.8
    monkeypatch.setattr("tune_mc1.running.worker.available_memory", lambda *_: enough)
    assert [len(p) for p in parts_that_fit(trials, context, images)] == [2, 2, 1]
    assert list(parts_that_fit([], context, images)) == [], "all were stopped before they started"


OUT_OF_MEMORY = """
import resource, sys
from pathlib import Path
import numpy as np
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Holdout
from tune_mc1.data.images import ImageData
from tune_mc1.running.worker import SweepContext, run_parts
import tune_mc1.training.run_trials

class Report:
    def __init__(self, size):
        self.size, self.ended = size, set()
    def __call__(self, rows, ends=()):
        for row in rows:
            print("row", row["trial"], row["epoch"])
        for end in ends:
            print("end", end["trial"], end["state"], end["error"])
        return ()
    def saved(self, trials):
        pass

rng = np.random.default_rng(0)
labels = np.arange(64) % 10
pixels = rng.integers(0, 256, (64, 32, 32, 3), dtype=np.uint8)
data = ImageData.build("noise", (pixels, labels), (pixels, labels), [str(i) for i in range(10)])
config = TrialConfig(model="MLP", arguments={"hidden": [2500, 2000]}, epochs=1, batch_size=32)
count, limit = int(sys.argv[1]), float(sys.argv[2])
status = dict(l.split(":", 1) for l in Path("/proc/self/status").read_text().splitlines())
room = int(status["VmData"].split()[0]) * 1024 + int(limit * 2**30)
resource.setrlimit(resource.RLIMIT_DATA, (room, room))
trials = [Trial(id=f"t{i}", config=config) for i in range(count)]
Path(sys.argv[3], "checkpoints").mkdir()
context = SweepContext(Path(sys.argv[3]), "val_acc", True, Holdout(holdout=0.2), threads=1, gpu=0)
run_parts(trials, Report(count), context, data)
"""


def run_out(folder: Path, trials: int, gib: float) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", OUT_OF_MEMORY, str(trials), str(gib), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=250, check=False)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process's data")
def test_a_group_that_runs_out_of_memory_is_halved(tmp_path: Path) -> None:
    done = run_out(tmp_path, trials=4, gib=0.3)
    assert "the group of 4 trials failed; it continues as two halves" in done.stdout, done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith("row")]
    assert sorted(rows) == [f"row t{i} 1" for i in range(4)]
    assert "allocate memory" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process's data")
def test_a_trial_that_runs_out_of_memory_says_what_to_change(tmp_path: Path) -> None:
    done = run_out(tmp_path, trials=1, gib=0.03)
    assert done.returncode == 0, done.stderr
    (end,) = done.stdout.splitlines()
    assert end.startswith("end t0 failed out of memory: reduce batch_size")
    assert done.stderr.count("Traceback") == 2, "it was tried again, once"
