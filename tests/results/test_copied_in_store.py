"""Checkpoints that trials of a population copy from each other in an object store."""

from collections.abc import Collection, Sequence
from pathlib import Path

import pytest

from tests.results.test_trial_store import cut_at
from tests.running.test_sweep import _into as into
from tests.support.object_store import ObjectStore
from tests.support.store_node import Node, PowerCut, Row, numbers, trials
from tune_mc1.config.trial import Trial
from tune_mc1.config.validation import Holdout
from tune_mc1.data.images import ImageData
from tune_mc1.errors import StorageError, SweepStopped
from tune_mc1.files import link
from tune_mc1.results.directory import COPIED, LAST, ResultDir
from tune_mc1.results.store.remote import Remote
from tune_mc1.results.store.trial_store import TrialStore
from tune_mc1.running.schedulers.copied_files import CopiedFiles
from tune_mc1.training.epoch_report import Reporter
from tune_mc1.training.run_trials import run_trials

EXCHANGE = 2


def copying(trial: Trial) -> Trial:
    """The trial once it has copied another one."""
    config = trial.config.model_copy(update={"learning_rate": 0.05})
    return Trial(id=trial.id, config=config, copied_after=EXCHANGE)


def up_to_the_exchange(folder: Path, remote: Remote, images: ImageData) -> CopiedFiles:
    """Both trials run until they wait, and the second is to copy the first."""
    for trial in trials(2):
        with pytest.raises(PowerCut):
            Node(folder / trial.id, remote, [trial]).run(images, until=EXCHANGE)
    files = CopiedFiles(ResultDir(folder / "driver"), remote, lambda: None)
    files.copy("t0002", "t0001")
    return files


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory, images: ImageData) -> list[Row]:
    """What the second trial reports after the exchange, in a directory."""
    where, reported = ResultDir(tmp_path_factory.mktemp("straight")), list[Row]()

    def until_exchange(rows: Sequence[Row], ends: Sequence[Row] = ()) -> Collection[str]:
        if rows[-1]["epoch"] == EXCHANGE:
            raise PowerCut
        return ()

    def train(trial: Trial, report: Reporter) -> None:
        run_trials(
            [trial], images, Holdout(), checkpoints=where.checkpoints, report=report, gpu=False
        )

    for trial in trials(2):
        with pytest.raises(PowerCut):
            train(trial, until_exchange)
    link(where.checkpoints("t0001") / LAST, where.checkpoints("t0002") / COPIED)
    train(copying(trials(2)[1]), into(reported))
    return reported


@pytest.mark.parametrize("at", ["none", "rows.jsonl", "previous.ckpt", "last.ckpt"])
def test_a_copy_is_taken_up_once_wherever_the_power_goes(
    tmp_path: Path,
    images: ImageData,
    remote: Remote,
    store: ObjectStore,
    straight: list[Row],
    monkeypatch: pytest.MonkeyPatch,
    at: str,
) -> None:
    """Each time on another machine, which has only what is in the store."""
    up_to_the_exchange(tmp_path, remote, images)
    group = [copying(trials(2)[1])]
    if at != "none":
        with monkeypatch.context() as patch:
            cut_at(patch, at, count=1)
            with pytest.raises(PowerCut):
                Node(tmp_path / "a", remote, group).run(images)
    rows = numbers(Node(tmp_path / "b", remote, group).run(images))
    assert [row for row in rows if row["epoch"] > EXCHANGE] == numbers(straight)
    assert f"{remote.name}/checkpoints/t0002/{COPIED}" not in store.names(remote.name)


def test_a_trial_without_any_file_of_its_own_takes_it_up(
    tmp_path: Path, images: ImageData, remote: Remote
) -> None:
    """It diverged in its first epoch."""
    with pytest.raises(PowerCut):
        Node(tmp_path / "first", remote, trials(1)).run(images, until=EXCHANGE)
    CopiedFiles(ResultDir(tmp_path / "driver"), remote, lambda: None).copy("t0002", "t0001")
    rows = Node(tmp_path / "b", remote, [copying(trials(2)[1])]).run(images)
    assert [row["epoch"] for row in rows] == [3, 4]


def test_what_was_copied_for_nothing_is_removed(
    tmp_path: Path, images: ImageData, remote: Remote, store: ObjectStore
) -> None:
    """A sweep that was killed before its journal had the exchange makes it anew."""
    files = up_to_the_exchange(tmp_path, remote, images)
    files.forget(["t0001", "t0002"])
    assert not {name for name in store.names(remote.name) if name.endswith(COPIED)}
    here = TrialStore(remote, ResultDir(tmp_path / "b"), trials(2), keep=True)
    (tmp_path / "b").mkdir()
    here.fetch()
    assert (tmp_path / "b" / "checkpoints" / "t0002" / LAST).exists()


def test_a_journal_that_the_store_does_not_take_ends_the_sweep(tmp_path: Path) -> None:
    def fail() -> None:
        raise StorageError("s3://sweeps/x: cannot be written")

    with pytest.raises(SweepStopped, match="s3://sweeps/x: cannot be written"):
        CopiedFiles(ResultDir(tmp_path), None, fail).publish()
