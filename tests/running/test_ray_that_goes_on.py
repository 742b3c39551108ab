"""Sweeps of one process on a Ray that it has started before: they leave nothing behind."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import ray

from tests.support.in_process import connected, disconnect, sweep_here
from tests.support.processes import of_descendants
from tune_mc1.cluster.forks.ray_forks_private import usable
from tune_mc1.data.images import ImageData
from tune_mc1.running.preload import fork_server
from tune_mc1.running.put_images import put_images


def actors() -> list[str]:
    """Processes of Ray that are neither idle nor those of trials."""
    names = of_descendants(psutil.Process.name).values()
    others = ("ray::IDLE", "ray::ImplicitFu", "ray::DashboardA", "ray::RuntimeEnv")
    return [name for name in names if name.startswith("ray::") and not name.startswith(others)]


def actors_that_stay(allowed: int = 0, seconds: float = 20.0) -> list[str]:
    """Those that are left after some time, in which Ray ends those that nobody holds."""
    end = time.monotonic() + seconds
    while len(actors()) > allowed and time.monotonic() < end:
        time.sleep(0.1)
    return actors()


def test_no_actor_is_left(tmp_path: Path, image_dir: Path) -> None:
    content = {
        "data": str(image_dir),
        "method": "random",
        "run_cap": 2,
        "fuse": 2,
        "early_terminate": {"type": "asha", "min_iter": 1},
        "parameters": {
            "model": {"value": "CNN_simple"},
            "epochs": {"value": 2},
            "learning_rate": {"min": 0.01, "max": 0.1},
        },
    }
    connected()
    before = actors_that_stay()
    ran = sweep_here(tmp_path, content, "random")
    assert ran.status == 0, ran.err
    assert len(ran.events("epoch")) >= 2
    assert actors_that_stay(len(before)) == before


@pytest.mark.skipif(not usable(), reason="forks need Linux without a GPU")
def test_nothing_is_imported_for_forks_that_it_cannot_have() -> None:
    sweep: Any = None
    connected()
    with fork_server(sweep, None) as forks:
        assert forks is None
    disconnect()
    with fork_server(sweep, None) as forks:
        assert forks is not None


def data(pixel: int) -> ImageData:
    images, labels = np.full((4, 8, 8, 3), pixel, np.uint8), np.arange(4) % 2
    return ImageData.build("made up", (images, labels), (images, labels), ["a", "b"])


def test_the_same_images_are_put_once() -> None:
    connected()
    first = put_images(data(1))
    assert put_images(data(1)) == first
    assert put_images(data(2)) != first
    assert put_images(replace(data(1), part=0.5)) != first
    disconnect()
    connected()
    again = put_images(data(1))
    assert again != first
    np.testing.assert_array_equal(ray.get(again).train_images, data(1).train_images)
