"""Populations with results in object stores: exchanges, a kill, another machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.running.test_pbt_sweep import EPOCHS, TRIALS, content, exchanges_of, history_of
from tests.running.test_sweep import tune_mc1
from tests.support.cloud_stores import azure, google
from tests.support.faults import driving, events, result_dir, wait_for, write_sweep
from tests.support.in_process import Ran, sweep_here
from tests.support.object_store import serving_all
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.journal import read_events
from tune_mc1.results.store.remote import remote_at
from tune_mc1.running.schedulers.copied_files import CopiedFiles


@contextmanager
def amazon() -> Iterator[str]:
    with serving_all():
        yield "s3://sweeps"


STORES = [
    pytest.param(amazon, id="s3"),
    pytest.param(google, id="gs", marks=pytest.mark.slow),
    pytest.param(azure, id="az", marks=pytest.mark.slow),
]


@pytest.fixture(params=STORES)
def place(request: pytest.FixtureRequest) -> Iterator[str]:
    with request.param() as bucket:
        yield f"{bucket}/populations"


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory, image_dir: Path) -> Ran:
    """The same sweep in a directory, without a fault."""
    return sweep_here(tmp_path_factory.mktemp("quiet"), content(image_dir, fuse="off"), "random")


def test_killed_after_an_exchange_and_resumed_elsewhere_it_gives_the_same(
    tmp_path: Path, image_dir: Path, quiet: Ran, place: str
) -> None:
    """The first machine is gone: what a trial copies comes from the store."""
    words: list[Any] = [write_sweep(tmp_path, content(image_dir, fuse="off")), "-o", place]
    out = tmp_path / "results"
    with driving("sweep", "random", *words, cwd=tmp_path) as driver:
        wait_for(lambda: out.exists() and any(map(exchanged, out.glob("*"))), driver)
        driver.kill_all()
    root = result_dir(out)
    url = f"{place}/{root.name}"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = tune_mc1("sweep", "random", "--resume", url, cwd=elsewhere)
    assert done.returncode == 0, done.stderr
    stored = remote_at(url)
    assert stored is not None
    files = stored.files()
    assert "trials.parquet" in files
    assert not {name for name in files if name.endswith("/copied.ckpt")}
    there = elsewhere / "results" / root.name
    made = [{k: v for k, v in e.items() if k != "time"} for e in events(there, "exchange")]
    assert made == exchanges_of(quiet)
    assert len(history_of(there)) == TRIALS * EPOCHS
    pd.testing.assert_frame_equal(history_of(there), history_of(quiet.root))
    rows = ResultDir(there).read().trials.values()
    assert {row["state"] for row in rows} == {"completed"}
    assert sum(row["test_acc"] is not None for row in rows) == 1


def test_a_store_knows_of_an_exchange_before_a_trial_goes_on(
    tmp_path: Path, image_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    last: list[str] = []

    def publish(files: CopiedFiles) -> None:
        last.append([event["event"] for event, _ in read_events(files._where.journal)][-1])

    monkeypatch.setattr(CopiedFiles, "publish", publish)
    ran = sweep_here(tmp_path, content(image_dir, fuse="off"), "random")
    assert ran.status == 0, ran.err
    assert last == ["exchange"] * len(ran.events("exchange"))
    assert last


def exchanged(root: Path) -> bool:
    """True once a trial has begun an epoch after the first exchange."""
    return (
        bool(events(root, "exchange"))
        and events(root, "start")[-1]["time"] > (events(root, "exchange")[0]["time"])
    )
