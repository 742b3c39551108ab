"""Images that load while Ray starts: a mistake found late, or a signal, leaves nothing behind."""

import signal
import time
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.faults import Driver, driving, interrupt, wait_for, write_sweep
from tests.support.warm_commands import ANEW

ROWS = 30_000


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory, image_dir: Path) -> Path:
    """Many images, of which the last one is broken."""
    table = pq.read_table(image_dir / "train-00000-of-00001.parquet")
    cells, labels = table["img"].to_pylist(), table["label"].to_pylist()
    cells, labels = (some * (ROWS // len(some)) for some in (cells, labels))
    cells[-1] = {**cells[-1], "bytes": cells[-1]["bytes"][:100]}
    file = tmp_path_factory.mktemp("broken") / "many.parquet"
    pq.write_table(pa.table({"img": cells, "label": labels}), file)
    return file


def start(folder: Path, images: Path) -> list[Any]:
    file = write_sweep(
        folder,
        {
            "method": "grid",
            "parameters": {"learning_rate": {"values": [0.01, 0.03]}, "epochs": {"value": 1}},
            "data": str(images),
        },
    )
    return ["sweep", "grid", file, "-o", folder / "out", "--wandb", "offline"]


def ray_starts(driver: Driver) -> list[psutil.Process]:
    return driver.named("gcs_server")


def check_nothing_is_left(driver: Driver, folder: Path) -> None:
    assert not driver.left_behind()
    assert not (folder / "out").exists()
    assert "Resume" not in driver.out + driver.err


def test_a_mistake_in_the_last_image(tmp_path: Path, broken: Path) -> None:
    with driving(*start(tmp_path, broken), cwd=tmp_path) as driver:
        wait_for(lambda: ray_starts(driver), driver)
        assert driver.wait() == 2
        lines = [line for line in driver.err.splitlines() if "Note:" not in line]
        assert len(lines) == 1
        assert lines[0].startswith(f"{broken}: row {ROWS - 1}: broken or truncated image: ")
        check_nothing_is_left(driver, tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal(tmp_path: Path, broken: Path, number: signal.Signals) -> None:
    with driving(*start(tmp_path, broken), cwd=tmp_path, **ANEW) as driver:
        wait_for(lambda: ray_starts(driver), driver)
        interrupt(driver, number)
        began = time.monotonic()
        assert driver.wait() == 130
        assert time.monotonic() - began < 15
        check_nothing_is_left(driver, tmp_path)
        assert "Traceback" not in driver.err
