"""A driver that is killed leaves nothing behind: neither Ray nor trials nor W&B's processes."""

from pathlib import Path

import pytest

from tests.running.test_resume import content
from tests.support.faults import driving, reached, wait_for, write_sweep

LIMIT_S = 20.0
"""Seconds within which everything of a sweep ends, once its driver is gone."""


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_nothing_outlives_a_killed_driver(tmp_path: Path, image_dir: Path) -> None:
    sweep = content(image_dir)
    sweep["parameters"]["epochs"] = {"value": 200}
    file = write_sweep(tmp_path, sweep)
    out = tmp_path / "out"
    words = ("sweep", "random", file, "-o", out, "--max-concurrent", "2", "--wandb", "offline")
    with driving(*words, cwd=tmp_path) as driver:
        wait_for(lambda: reached(out, 1), driver)
        family = driver.family()
        assert driver.workers()
        assert len(family) > 4
        driver.process.kill()
        driver.wait()
        assert driver.left_behind(LIMIT_S) == []
