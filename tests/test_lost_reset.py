"""A process that is lost between two trials, while it takes the next one over."""

import os
from pathlib import Path
from typing import Any

from ray.tune.trainable.function_trainable import FunctionTrainable

from tests.node_cluster import gpu_cluster, telling_sweep, telling_trial
from tune_mc1.data.images import ImageData
from tune_mc1.journal import read_events


def trial_whose_process_ends_once(config: dict[str, Any], job: Any, data: Any) -> None:
    """As `telling_trial`, in a process that ends, the first time, where it is to be reused."""
    lost, reset = job.root / "lost", FunctionTrainable.reset_config

    def reset_config(self: Any, new_config: dict[str, Any]) -> Any:
        if not lost.exists():
            lost.touch()
            os._exit(1)
        return reset(self, new_config)

    FunctionTrainable.reset_config = reset_config
    telling_trial(config, job, data)


def test_the_trial_is_tried_again(tmp_path: Path, images: ImageData) -> None:
    with gpu_cluster([(1, 0)]):
        told, writer = telling_sweep(tmp_path, images, 3, trial=trial_whose_process_ends_once)
    assert (writer.where.root / "lost").exists()
    assert {row["state"] for row in writer.tables.trials.values()} == {"completed"}
    assert len([e for e, _ in read_events(writer.where.journal) if e["event"] == "retry"]) == 1
    assert len(told) == 3 * 2
