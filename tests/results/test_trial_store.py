"""Trials with files in S3: cut off at any point, they go on elsewhere with the same numbers."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.running.test_sweep import _into as into
from tests.support.object_store import ObjectStore
from tests.support.store_node import Node, PowerCut, Row, numbers, trials
from tune_mc1.config.validation import Holdout
from tune_mc1.data.images import ImageData
from tune_mc1.errors import StorageError
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.store.remote import Remote
from tune_mc1.results.store.trial_store import TrialStore
from tune_mc1.training.run_trials import run_trials


@pytest.fixture(scope="module")
def straight(images: ImageData) -> list[Row]:
    """What a trial reports that nothing befalls."""
    rows: list[Row] = []
    run_trials(trials(), images, Holdout(), report=into(rows), gpu=False)
    return rows


def test_a_trial_goes_on_on_another_node_and_says_again_what_may_be_lost(
    tmp_path: Path, images: ImageData, remote: Remote, store: ObjectStore, straight: list[Row]
) -> None:
    with pytest.raises(PowerCut):
        Node(tmp_path / "a", remote, trials()).run(images, until=3)
    second = Node(tmp_path / "b", remote, trials())
    rows = second.run(images)
    assert [[row["epoch"] for row in rows] for rows in second.reports] == [[1, 2, 3], [4]]
    assert numbers(rows) == numbers(straight)
    there = {name.rpartition("/")[2] for name in store.names(remote.name)}
    assert there >= {"last.ckpt", "best.ckpt", "previous.ckpt", "rows.jsonl"}
    for name in ("last.ckpt", "best.ckpt", "previous.ckpt"):
        path = second.where.checkpoints("t0001") / name
        assert store.content(f"{remote.name}/checkpoints/t0001/{name}") == path.read_bytes()


@pytest.mark.parametrize(
    ("at", "count"), [("rows.jsonl", 3), ("previous.ckpt", 3), ("last.ckpt", 3), ("best.ckpt", 2)]
)
def test_a_power_cut_while_files_are_sent_costs_nothing_but_the_epoch(
    tmp_path: Path,
    images: ImageData,
    remote: Remote,
    straight: list[Row],
    monkeypatch: pytest.MonkeyPatch,
    at: str,
    count: int,
) -> None:
    with monkeypatch.context() as patch:
        cut_at(patch, at, count)
        with pytest.raises(PowerCut):
            Node(tmp_path / "a", remote, trials()).run(images)
    assert numbers(Node(tmp_path / "b", remote, trials()).run(images)) == numbers(straight)


def cut_at(patch: pytest.MonkeyPatch, name: str, count: int) -> None:
    """The power goes just before a file of this name would be sent, or copied, for the nth time."""
    left = [count]

    def before(method: Any) -> Any:
        def cut(self: Remote, *values: Any) -> None:
            target = values[0] if method.__name__ == "write" else values[1]
            if target == name:
                left[0] -= 1
                if left[0] <= 0:
                    raise PowerCut
            method(self, *values)

        return cut

    for method in (Remote.write, Remote.copy):
        patch.setattr(Remote, method.__name__, before(method))


def test_a_group_that_is_cut_between_its_trials_stays_together(
    tmp_path: Path, images: ImageData, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = trials(3, epochs=3)
    with monkeypatch.context() as patch:
        patch.setattr("tune_mc1.results.store.trial_store.AT_ONCE", 1)
        cut_at(patch, "last.ckpt", count=5)  # of the second epoch, the second trial
        with pytest.raises(PowerCut):
            Node(tmp_path / "a", remote, group).run(images)
    second = Node(tmp_path / "b", remote, group)
    second.run(images)
    assert [[row["epoch"] for row in rows] for rows in second.reports] == [
        [1] * 3,
        [2] * 3,
        [3] * 3,
    ]


@pytest.mark.parametrize("within", [5, 40])
def test_a_trial_goes_on_within_its_epoch_on_another_node(
    tmp_path: Path,
    images: ImageData,
    remote: Remote,
    store: ObjectStore,
    straight: list[Row],
    caplog: pytest.LogCaptureFixture,
    within: int,
) -> None:
    """In its first epoch, of which there is no other checkpoint, and in its second."""
    with pytest.raises(PowerCut):
        Node(tmp_path / "a", remote, trials()).run(images, within=within)
    with caplog.at_level("INFO"):
        rows = Node(tmp_path / "b", remote, trials()).run(images)
    assert "optimiser steps" in caplog.text
    assert numbers(rows) == numbers(straight)
    assert not any(name.endswith("partial.ckpt") for name in store.names(remote.name))


def test_a_store_that_fails_within_an_epoch_costs_that_checkpoint_only(
    tmp_path: Path,
    images: ImageData,
    remote: Remote,
    straight: list[Row],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put = Remote.put

    def failing(self: Remote, file: Path, name: str) -> None:
        if name == "partial.ckpt":
            raise StorageError("not now")
        put(self, file, name)

    with monkeypatch.context() as patch:
        patch.setattr(Remote, "put", failing)
        rows = Node(tmp_path / "a", remote, trials()).run(images, within=1000)
    assert numbers(rows) == numbers(straight)


def test_a_checkpoint_of_another_setting_is_not_taken(
    tmp_path: Path, images: ImageData, remote: Remote, straight: list[Row]
) -> None:
    (other,) = trials()
    other = other.model_copy(update={"config": other.config.model_copy(update={"seed": 7})})
    Node(tmp_path / "a", remote, [other]).run(images)
    rows = Node(tmp_path / "b", remote, trials()).run(images)
    assert rows[0]["epoch"] == 1
    assert numbers(rows) == numbers(straight)


def test_a_damaged_last_checkpoint_falls_back_to_the_one_before(
    tmp_path: Path, images: ImageData, remote: Remote, store: ObjectStore, straight: list[Row]
) -> None:
    with pytest.raises(PowerCut):
        Node(tmp_path / "a", remote, trials()).run(images, until=3)
    remote.write("checkpoints/t0001/last.ckpt", b"not a checkpoint")
    second = Node(tmp_path / "b", remote, trials())
    assert numbers(second.run(images)) == numbers(straight)
    assert [row["epoch"] for row in second.reports[0]] == [1, 2]
    torch.load(second.where.checkpoints("t0001") / "last.ckpt", weights_only=True)


def test_what_stays_on_a_node(tmp_path: Path, images: ImageData, remote: Remote) -> None:
    node = Node(tmp_path / "a", remote, trials(epochs=1))
    node.store.keep = False
    log = node.where.log("t0001")
    log.parent.mkdir(parents=True)
    log.write_text("what it said\n")
    node.run(images)
    assert not node.where.checkpoints("t0001").exists()
    assert remote.read("logs/t0001.log") == b"what it said\n"
    second = Node(tmp_path / "b", remote, trials(epochs=1))
    second.store.fetch()
    assert second.where.log("t0001").read_text() == "what it said\n"


def test_a_trial_that_goes_on_in_another_process_of_the_node_keeps_its_files(
    tmp_path: Path, remote: Remote
) -> None:
    """It was paused and promoted before the process that ran it before has ended."""
    group, where = trials(2), ResultDir(tmp_path / "node")
    before, after = (TrialStore(remote, where, part, keep=False) for part in (group, group[:1]))
    before.fetch()
    for trial in group:
        where.checkpoints(trial.id).mkdir()
        (where.checkpoints(trial.id) / "last.ckpt").write_bytes(b"epoch 1")
    before.send([{"trial": trial.id, "epoch": 1} for trial in group])
    after.fetch()
    before.release([group[0].id])
    before.close()
    assert [path.name for path in where.checkpoints("").iterdir()] == [group[0].id]
    assert (where.checkpoints(group[0].id) / "last.ckpt").read_bytes() == b"epoch 1"
    after.close()
    assert list(where.checkpoints("").iterdir()) == []
