"""A module's sweep whose results are in an object store."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.support.in_process import connected, disconnect, run_here
from tests.support.modules import content, write_module
from tests.support.object_store import serving_all
from tune_mc1.results.store.remote import Remote


@pytest.mark.slow
def test_a_sweep_is_resumed_from_its_url_elsewhere(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
    name = write_module(here)
    shutil.copy(here / f"{name}.py", there)
    file = here / "sweep.yaml"
    file.write_text(yaml.safe_dump(content(name)))
    words = ("sweep", "grid", "--wandb", "disabled", "--max-concurrent", "1")
    disconnect()  # the processes of Ray have the environment of its start
    with serving_all() as store:
        connected()
        try:
            ran = run_here(*words, file, "-o", "s3://sweeps/modules", cwd=here)
            assert ran.returncode == 0, ran.stderr
            (root,) = (here / "results").iterdir()
            url, prefix = f"s3://sweeps/modules/{root.name}", f"modules/{root.name}"
            whole = pd.read_parquet(root / "history.parquet").drop(columns=["time", "seconds"])
            assert f"{prefix}/checkpoints/t0002/last.ckpt" in store.names(prefix)
            lines = store.content(f"{prefix}/journal.jsonl").splitlines(keepends=True)
            last_start = [i for i, line in enumerate(lines) if b'"start"' in line][-1]
            Remote(url).write("journal.jsonl", b"".join(lines[: last_start + 2]))  # as if killed
            for table in ("trials.parquet", "history.parquet", "settings.parquet"):
                Remote(url).delete(table)
            shutil.rmtree(here)
            resumed = run_here(*words, "--resume", url, cwd=there)
        finally:
            disconnect()
    assert resumed.returncode == 0, resumed.stderr
    assert f"directory: {here} is not here; the module runs in {there}" in resumed.stderr
    copy = there / "results" / root.name
    rows = pd.read_parquet(copy / "trials.parquet").set_index("trial")
    assert list(rows["attempts"]) == [1, 2]
    history = pd.read_parquet(copy / "history.parquet").drop(columns=["time", "seconds"])
    last = history.query("trial == 't0002' and epoch == 3").reset_index(drop=True)
    expected = whole.query("trial == 't0002' and epoch == 3").reset_index(drop=True)
    pd.testing.assert_frame_equal(last, expected)
