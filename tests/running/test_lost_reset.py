"""A process that is lost between two trials: after the one, or as it takes over the next."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ray.cluster_utils import Cluster
from ray.tune.trainable.function_trainable import FunctionTrainable

from tests.support.node_cluster import gpu_cluster, telling_sweep, telling_trial
from tune_mc1.data.images import ImageData
from tune_mc1.results.journal import read_events


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with gpu_cluster([(1, 0)]) as up:
        yield up


def kinds(of: type[Any]) -> list[type[Any]]:
    return [of, *(kind for below in of.__subclasses__() for kind in kinds(below))]


def trial_whose_process_is_not_reused(config: dict[str, Any], context: Any, data: Any) -> None:
    """As `telling_trial`, in a process that ends, the first time, where it is to be reused."""

    def reset_config(self: Any, new_config: dict[str, Any]) -> bool:
        (context.root / "lost").touch()
        os._exit(1)

    if not (context.root / "lost").exists():
        for kind in kinds(FunctionTrainable):  # Ray copies the methods into a class of its own
            kind.reset_config = reset_config
    telling_trial(config, context, data)


def test_a_trial_that_was_being_taken_over_is_tried_again(
    cluster: Cluster, tmp_path: Path, images: ImageData
) -> None:
    told, writer = telling_sweep(tmp_path, images, 3, trial=trial_whose_process_is_not_reused)
    assert (writer.where.root / "lost").exists()
    assert {row["state"] for row in writer.tables.trials.values()} == {"completed"}
    assert len([e for e, _ in read_events(writer.where.journal) if e["event"] == "retry"]) == 1
    assert len(told) == 3 * 2


def trial_whose_process_ends_late(config: dict[str, Any], context: Any, data: Any) -> None:
    """As `telling_trial`, and then the process is lost."""
    telling_trial(config, context, data)
    if config["trials"]:
        os._exit(1)


def test_a_trial_that_has_ended_is_not_tried_again(
    cluster: Cluster, tmp_path: Path, images: ImageData
) -> None:
    told, writer = telling_sweep(tmp_path, images, 2, trial=trial_whose_process_ends_late)
    rows = writer.tables.trials.values()
    assert [(row["state"], row["attempts"]) for row in rows] == [("completed", 1)] * 2
    assert len(told) == 2 * 2
