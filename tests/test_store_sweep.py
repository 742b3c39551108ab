"""Whole sweeps with results in S3, by the real command: the same numbers, wherever it goes on."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.faults import (
    driving,
    epochs,
    events,
    history,
    reached,
    result_dir,
    same,
    wait_for,
    write_sweep,
)
from tests.object_store import KEY, KEY_ID, ObjectStore, serving
from tests.test_resume import ONE, content
from tests.test_sweep import Ran, run_sweep, tune_mc1

URL = "s3://sweeps/some/prefix"


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory, image_dir: Path) -> Ran:
    """The same sweep in a directory, without a fault."""
    return run_sweep(tmp_path_factory.mktemp("quiet"), content(image_dir), "asha", *ONE)


@pytest.fixture(scope="module")
def store() -> Iterator[ObjectStore]:
    with pytest.MonkeyPatch.context() as monkeypatch, serving(monkeypatch) as server:
        yield server


def fetched(folder: Path, root: Path) -> Path:
    """What the store has of a sweep, as another machine sees it."""
    folder.mkdir()
    done = tune_mc1("fetch", f"{URL}/{root.name}", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "results" / root.name


def test_killed_and_resumed_from_the_url_elsewhere_it_gives_the_same(
    tmp_path: Path, image_dir: Path, quiet: Ran, store: ObjectStore
) -> None:
    assert quiet.status == 0, quiet.err
    words: list[Any] = [write_sweep(tmp_path, content(image_dir)), "-o", URL]
    out = tmp_path / "results"
    with driving("sweep", "asha", *words, *ONE, cwd=tmp_path) as driver:
        wait_for(partial(reached, out, 3), driver)
        driver.kill_all()
    root = result_dir(out)
    assert epochs(out) < 10
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    url = f"{URL}/{root.name}"
    done = tune_mc1("sweep", "asha", "--resume", url, *ONE, cwd=elsewhere)
    assert done.returncode == 0, done.stderr
    there = elsewhere / "results" / root.name
    same(there, quiet.root)
    same(fetched(tmp_path / "third", root), quiet.root)
    attempts = pd.read_parquet(there / "trials.parquet")["attempts"]
    assert attempts.max() == 2, "a trial went on"
    stale = tune_mc1("sweep", "asha", "--resume", root, *ONE, cwd=tmp_path)
    assert stale.returncode == 2
    assert f"{root}: {url} has what is not here" in stale.stderr
    for path in (p for p in there.rglob("*") if p.is_file()):
        text = path.read_bytes()
        assert KEY.encode() not in text, path
        assert KEY_ID.encode() not in text, path
