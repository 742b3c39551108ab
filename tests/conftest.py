"""Real images for all tests: a small part of CIFAR-10 where it is at hand, else real digits."""

import gc
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tune_mc1.data.images import ImageData
from tune_mc1.data.mapped import CACHE_VARIABLE
from tune_mc1.data.source import load_data

pytest.register_assert_rewrite("tests.support.bad_input")

from tests.support.bad_input import CommandLine  # noqa: E402
from tests.support.job_head import job_head  # noqa: E402

__all__ = ["job_head"]

TRAIN, TEST = 250, 100

LONG = ("extending", "running", "cluster", "page", "tracking", "results", "reporting")
"""Wings whose files take longest, in this order: all processes end at about the same time."""

TOGETHER = ("extending", "page")
"""Wings whose files run in one process of several, as they share what is made for all of them."""

CLUSTER = ("test_job.py", "test_job_", "test_program_job.py")
"""Beginnings of the names of files that share a cluster that takes jobs."""

# A process with W&B costs half as much as a small sweep; tests about it ask for `wandb_as_usual`.
os.environ["WANDB_MODE"] = "disabled"

gc.disable()  # what is imported for the tests stays, and is looked through again and again


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts long files before short ones, among which those of other wings are spread.

    Tests of the former wait a lot, for processes and servers; the latter only compute, and so
    leave no core idle.
    """
    files = list(dict.fromkeys(item.path for item in items))
    long = [file for file in files if file.parent.name in LONG]
    long.sort(key=lambda file: LONG.index(file.parent.name))
    place = {
        file: (number + 0.5) / len(kind)
        for kind in (long, [file for file in files if file not in long])
        for number, file in enumerate(kind)
    }
    items.sort(key=lambda item: place[item.path])


def pytest_collection_finish() -> None:
    """Collects garbage from now on, but not among what is there."""
    gc.enable()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)  # tests make much, and keep little of it


def pytest_unconfigure() -> None:
    """Lets all be collected, as Triton 3.9 lists what is left of it when a process ends."""
    gc.unfreeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Has `--dist loadfile` leave files together that share something large."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

    class TogetherScheduling(LoadFileScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return shared_scope(str(super()._split_scope(nodeid)))

    return TogetherScheduling(config, log)


def shared_scope(file: str) -> str:
    """The file, or a name for all files that run in its process."""
    _, *wings, name = file.split("/")
    if wings == ["cluster"] and name.startswith(CLUSTER):
        return "jobs"
    return wings[0] if wings and wings[0] in TOGETHER else file


@pytest.fixture(scope="session")
def image_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of parquet files: 250 training and 100 test images in ten classes."""
    folder = tmp_path_factory.mktemp("images") / "some-images"
    write_images(folder)
    return folder


def write_images(folder: Path, train: int = TRAIN, test: int = TEST) -> None:
    """Makes the folder."""
    folder.mkdir()
    table = _quick(_cifar10(train + test) if os.environ.get("TUNE_MC1_DATA") else _digits())
    pq.write_table(table.slice(0, train), folder / "train-00000-of-00001.parquet")
    pq.write_table(table.slice(train, test), folder / "test-00000-of-00001.parquet")


@pytest.fixture(scope="session")
def images(image_dir: Path) -> ImageData:
    """The images of `image_dir`, decoded."""
    return load_data(str(image_dir))


@pytest.fixture(scope="session", autouse=True)
def _no_ray_at_the_end() -> Iterator[None]:
    yield
    if in_process := sys.modules.get("tests.support.in_process"):
        in_process.disconnect()


@pytest.fixture(autouse=True)
def quiet_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No account, and nothing written outside the test's own folder."""
    for name in ("WANDB_API_KEY", "WANDB_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "tune_mc1-cache"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def wandb_as_usual() -> Iterator[None]:
    """W&B as users have it: offline without an account, where nothing else is said."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("WANDB_MODE")
        yield


@pytest.fixture
def quick_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports have figures that are not painted."""
    from tests.support.quick_figures import save

    monkeypatch.setattr("tune_mc1.reporting.write_report.save", save)
    monkeypatch.setattr("tune_mc1.reporting.statistics.importance.RESAMPLES", 5)


@pytest.fixture(scope="module")
def coarse_figures() -> Iterator[None]:
    """Reports have figures that are painted at a third of their resolution."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tune_mc1.reporting.drawing.spec.DPI", 50)
        patch.setattr("tune_mc1.reporting.statistics.importance.RESAMPLES", 5)
        yield


@pytest.fixture
def command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CommandLine:
    """The command line, run in this process."""
    return CommandLine(tmp_path, monkeypatch, capsys)


def _quick(table: pa.Table) -> pa.Table:
    """The same pictures in a format that is read in a quarter of the time, by each sweep anew."""
    cells = []
    for cell in table["img"].to_pylist():
        file = io.BytesIO()
        Image.open(io.BytesIO(cell["bytes"])).save(file, "BMP")
        cells.append({"bytes": file.getvalue(), "path": ""})
    place = table.schema.get_field_index("img")
    return table.set_column(place, table.schema.field(place), pa.array(cells))


def _cifar10(count: int) -> pa.Table:
    home = Path(os.environ["TUNE_MC1_DATA"])
    (file,) = sorted(home.rglob("test-*.parquet"))[:1]
    return pq.read_table(file).slice(0, count)


def _digits() -> pa.Table:
    from sklearn.datasets import load_digits

    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.target))
    cells = []
    for pixels in (digits.images[order] * 15).astype(np.uint8):
        file = io.BytesIO()
        Image.fromarray(pixels).resize((32, 32)).convert("RGB").save(file, "PNG")
        cells.append({"bytes": file.getvalue(), "path": ""})
    return pa.table({"img": cells, "label": digits.target[order].astype(np.int64)})
