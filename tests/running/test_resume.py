"""Sweeps that are killed or interrupted, by the real command, and go on as if nothing had been."""

import os
import platform
import random
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.running.test_sweep import _into as into
from tests.running.test_sweep import run_sweep, tune_mc1
from tests.support.faults import (
    driving,
    epochs,
    events,
    history,
    reached,
    result_dir,
    same,
    temp_dirs,
    trials,
    wait_for,
    write_sweep,
)
from tests.support.in_process import Ran, connected, run_here, sweep_here
from tune_mc1.cluster.ray_runtime import Cluster
from tune_mc1.config.trial import Trial
from tune_mc1.config.validation import Holdout
from tune_mc1.data.images import ImageData
from tune_mc1.planning.past import read_past
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.lock import locked
from tune_mc1.training.run_trials import run_trials

ONE = ("--max-concurrent", "1", "--wandb", "disabled")


def content(image_dir: Path, **keys: Any) -> dict[str, Any]:
    return {
        "method": "random",
        "parameters": {
            "learning_rate": {"distribution": "log_uniform_values", "min": 1e-4, "max": 0.3},
            "weights_init_type": {"value": "kaiming_normal"},
            "epochs": {"value": 4},
        },
        "early_terminate": {"type": "asha", "min_iter": 1, "eta": 2},
        "run_cap": 6,
        "data": str(image_dir),
        "fuse": "off",
        **keys,
    }


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory, image_dir: Path) -> Ran:
    """The sweep without a fault."""
    return sweep_here(tmp_path_factory.mktemp("quiet"), content(image_dir), "asha", *ONE)


def decisions(root: Path) -> list[tuple[Any, ...]]:
    names = ("trial", "rung", "score", "cutoff", "stop")
    return [tuple(e[n] for n in names) for e in events(root, "rung")]


def test_killed_again_and_again_it_gives_the_same(
    tmp_path: Path, image_dir: Path, quiet: Ran
) -> None:
    assert quiet.status == 0, quiet.err
    rng = random.Random(3)
    out = tmp_path / "out"
    words: list[Any] = [write_sweep(tmp_path, content(image_dir)), "-o", out]
    for more in (2, 4):
        enough = epochs(out) + more
        with driving("sweep", "asha", *words, *ONE, cwd=tmp_path) as driver:
            wait_for(partial(reached, out, enough), driver)
            time.sleep(rng.random() / 3)
            driver.kill_all()
            assert not driver.left_behind()
        words = ["--resume", result_dir(out)]
    root = result_dir(out)
    connected()
    done = run_here("sweep", "asha", *words, *ONE, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    same(root, quiet.root)
    assert decisions(root) == decisions(quiet.root)
    assert len(events(root, "resume")) == 2
    assert not temp_dirs(driver, root)
    assert not list(root.rglob("*.tmp"))


def test_a_second_sweep_in_one_directory_says_who_is_there(
    tmp_path: Path, image_dir: Path, quiet: Ran
) -> None:
    with locked(ResultDir(quiet.root)):
        done = run_here("sweep", "asha", "--resume", quiet.root, *ONE, cwd=tmp_path)
    assert done.returncode == 2
    line = done.stderr.strip().splitlines()[-1]
    assert line == (
        f"{quiet.root}: a sweep is already running here "
        f"(process {os.getpid()} on {platform.node()}); wait for it or stop it"
    )


def test_a_sweep_that_has_ended_has_nothing_left(
    tmp_path: Path, quiet: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = ("journal.jsonl", "trials.parquet", "provenance.json", "sweep.yaml")
    before = [(quiet.root / name).read_bytes() for name in files]
    monkeypatch.setattr(Cluster, "connect", lambda self: pytest.fail("Ray is started"))
    done = run_here("sweep", "asha", "--resume", quiet.root, *ONE, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "6 of 6 trials have already ended" in done.stderr
    assert "Accuracy on the test images" in done.stdout
    assert [(quiet.root / name).read_bytes() for name in files] == before
    assert len(quiet.events("test")) == 1


def test_nothing_heavy_is_imported_where_nothing_is_left(tmp_path: Path, quiet: Ran) -> None:
    code = (
        "import atexit, sys\n"
        "heavy = ('ray', 'torch', 'pandas', 'scipy', 'lightning', 'wandb')\n"
        "atexit.register(lambda: print('loaded', [n for n in heavy if n in sys.modules]))\n"
        "from tune_mc1.cli.app import main\n"
        "main()\n"
    )
    words = ["sweep", "asha", "--resume", str(quiet.root), *ONE]
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "6 of 6 trials have already ended" in done.stderr
    assert done.stdout.rstrip().endswith("loaded []"), done.stdout


def test_a_changed_sweep_file_is_refused_field_by_field(
    tmp_path: Path, image_dir: Path, quiet: Ran
) -> None:
    other = content(image_dir, limit_images=0.5, search_seed=4)
    other["parameters"]["epochs"] = {"value": 3}
    other["parameters"]["learning_rate"]["max"] = 0.1  # which it may be
    file = write_sweep(tmp_path / "other", other)
    done = run_here("sweep", "grid", file, "--resume", quiet.root, *ONE, cwd=tmp_path)
    assert done.returncode == 2
    asha = run_here("sweep", "asha", file, "--resume", quiet.root, *ONE, cwd=tmp_path)
    assert asha.returncode == 2
    assert [line.removeprefix(f"{file}: ") for line in asha.stderr.strip().splitlines()] == [
        "parameters.epochs: was 4, is 3; it can only be increased",
        "search_seed: was 0, is 4",
        "limit_images: was 1.0, is 0.5",
    ]
    unchanged = write_sweep(tmp_path / "same", content(image_dir))
    words = ("--resume", quiet.root, "--dry-run", *ONE)
    assert run_here("sweep", "asha", unchanged, *words, cwd=tmp_path).returncode == 0


def test_other_images_are_refused(tmp_path: Path, quiet: Ran) -> None:
    words = ("--resume", quiet.root, "--data", "shapes10", *ONE)
    done = run_here("sweep", "asha", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert "the images differ" in done.stderr
    assert "was some-images" in done.stderr


def test_more_epochs_go_on_from_the_last(
    tmp_path: Path, image_dir: Path, images: ImageData
) -> None:
    sweep = {**content(image_dir), "run_cap": 2}
    del sweep["early_terminate"]
    sweep["parameters"]["epochs"] = {"value": 1}
    first = sweep_here(tmp_path, sweep, "random", *ONE)
    assert first.status == 0, first.err
    words = ("--resume", first.root, "--epochs", "2", *ONE)
    done = run_here("sweep", "random", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    longer = [t for t in read_past(ResultDir(first.root)).trials if isinstance(t, Trial)]
    assert [trial.config.epochs for trial in longer] == [2, 2]
    rows: list[dict[str, Any]] = []
    for trial in longer:
        run_trials([trial], images, Holdout(), report=into(rows))
    resumed = history(first.root)
    straight = pd.DataFrame(rows)[resumed.columns].astype(resumed.dtypes)
    pd.testing.assert_frame_equal(resumed, straight, check_exact=True)
    assert set(trials(first.root)["state"]) == {"completed"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--resume", "nowhere"), "nowhere: no such directory"),
        (("--resume", "."), "journal.jsonl: is missing, so this sweep cannot be resumed"),
        (
            ("--epochs", "3"),
            "--epochs: only valid with --resume; for a new sweep use --set epochs=N",
        ),
    ],
)
def test_what_cannot_be_resumed_is_named(
    tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    done = run_here("sweep", "grid", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.strip().endswith(message)


def fused_content(image_dir: Path) -> dict[str, Any]:
    sweep = content(image_dir, fuse=6)
    sweep["metric"] = {"name": "val_loss", "goal": "minimize"}
    sweep["parameters"]["learning_rate"]["max"] = 0.03  # larger ones amplify rounding
    return sweep


@pytest.mark.slow
def test_a_fused_sweep_goes_on_too(tmp_path: Path, image_dir: Path) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    quiet = run_sweep(whole, fused_content(image_dir), "asha", "--wandb", "disabled")
    assert quiet.status == 0, quiet.err
    out = tmp_path / "out"
    words: list[Any] = [write_sweep(tmp_path, fused_content(image_dir)), "-o", out]
    with driving("sweep", "asha", *words, "--wandb", "disabled", cwd=tmp_path) as driver:
        wait_for(partial(reached, out, 6), driver)  # the first epoch of all
        worker, *_ = driver.named("ImplicitFunc")
        worker.kill()
        wait_for(lambda: events(result_dir(out), "retry"), driver)
        wait_for(partial(reached, out, epochs(out) + 1), driver)
        driver.kill_all()
    root = result_dir(out)
    words = ["--resume", root, "--wandb", "disabled"]
    done = tune_mc1("sweep", "asha", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    states = [trials(r).set_index("trial")["state"].to_dict() for r in (root, quiet.root)]
    assert states[0] == states[1]
    assert set(states[0].values()) == {"completed", "stopped"}
    mine, other = history(root), history(quiet.root)
    pd.testing.assert_frame_equal(mine[["trial", "epoch"]], other[["trial", "epoch"]])
    pd.testing.assert_series_equal(mine["val_loss"], other["val_loss"], rtol=0.02)
