"""A process that is lost between the last report of its trial and its end."""

import os
from pathlib import Path
from typing import Any

from tests.node_cluster import gpu_cluster, telling_sweep, telling_trial
from tune_mc1.data.images import ImageData


def trial_whose_process_ends_late(config: dict[str, Any], job: Any, data: Any) -> None:
    """As `telling_trial`, and then the process is lost."""
    telling_trial(config, job, data)
    if config["trials"]:
        os._exit(1)


def test_a_trial_that_has_ended_is_not_tried_again(tmp_path: Path, images: ImageData) -> None:
    with gpu_cluster([(1, 0)]):
        told, writer = telling_sweep(tmp_path, images, 2, trial=trial_whose_process_ends_late)
    rows = writer.tables.trials.values()
    assert [(row["state"], row["attempts"]) for row in rows] == [("completed", 1)] * 2
    assert len(told) == 2 * 2
