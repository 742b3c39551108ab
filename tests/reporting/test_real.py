"""Statistics and verdicts on a sweep that was run, whole and cut off."""

import shutil
import warnings
from pathlib import Path

import pytest
from scipy import stats

from tests.support.in_process import sweep_here
from tests.support.report_frames import comparison
from tune_mc1.reporting.conclusions.verdicts import verdicts
from tune_mc1.reporting.frames import SweepFrames, read_frames
from tune_mc1.reporting.statistics.best import not_worse_than_best
from tune_mc1.reporting.statistics.effects import marginal_means
from tune_mc1.reporting.statistics.importance import importance
from tune_mc1.reporting.statistics.pairwise import sweep_tests
from tune_mc1.reporting.statistics.reference_table import reference_table

pytestmark = pytest.mark.filterwarnings("error")

SWEEP = {
    "name": "layers_and_units",
    "method": "grid",
    "parameters": {
        "model": {"values": ["CNN", "CNN2"]},
        "learning_rate": {"value": 0.05},
        "momentum": {"value": 0.9},
        "epochs": {"value": 2},
    },
    "replicates": 3,
    "reference": {
        "source": "made up",
        "outcomes": [{"where": {"model": "CNN2"}, "epoch": 20, "val_acc": 0.618}],
    },
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, image_dir: Path) -> Path:
    folder = tmp_path_factory.mktemp("sweep")
    content = {**SWEEP, "data": str(image_dir)}
    with warnings.catch_warnings():  # of libraries, while it trains
        warnings.simplefilter("ignore")
        ran = sweep_here(folder, content, "grid", "--wandb", "disabled")
    assert ran.status == 0, ran.err
    return ran.root


def everything(frames: SweepFrames) -> None:
    for parameter in (*frames.varied, "model"):
        assert marginal_means(frames, parameter).reason.de
    assert importance(frames).reason.de
    assert not_worse_than_best(frames).reason.de
    assert all(c.reason.de for c in sweep_tests(frames).comparisons)
    assert all(v.reason.de for v in verdicts([frames]))


def test_a_real_sweep_is_judged(root: Path) -> None:
    frames = read_frames(root)
    everything(frames)
    wide = frames.trials.pivot_table("last_val_acc", "seed", "model")
    oracle = stats.ttest_rel(wide["CNN2"], wide["CNN"])
    found = comparison(frames, "model", "CNN", "CNN2", "last_val_acc")
    assert found.p == pytest.approx(oracle.pvalue)
    (padding,) = (v for v in verdicts([frames]) if v.id == "padding")
    assert padding.effect == found.effect
    assert (padding.effect.n, padding.effect.unit, padding.effect.trials) == (3, "seed", 6)
    assert padding.result in ("confirmed", "not confirmed", "undecided")
    assert padding.measured.en == "val_acc after the last epoch (2)"
    (row,) = reference_table(frames)
    assert row.ours == pytest.approx(wide["CNN2"].mean())
    assert (row.our_epoch, row.trials, row.seeds) == (2, 3, 3)


@pytest.mark.parametrize("part", [0.3, 0.5, 0.8])
def test_a_sweep_that_was_cut_off_is_judged_as_far_as_it_came(
    root: Path, tmp_path: Path, part: float
) -> None:
    cut = tmp_path / "cut"
    shutil.copytree(root, cut, ignore=shutil.ignore_patterns("*.parquet", "ray", "checkpoints"))
    journal = cut / "journal.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(whole[: int(part * len(whole))])
    frames = read_frames(cut)
    assert not frames.finished
    everything(frames)
    assert "not finished" in sweep_tests(frames).note.en
