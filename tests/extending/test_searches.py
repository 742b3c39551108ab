"""Searches of other packages: one that plans, and one that learns and goes on."""

import json
import random
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support.faults import driving, events, reached, result_dir, same, wait_for, write_sweep
from tests.support.in_process import run_here
from tests.support.session import Session

RATES = {"distribution": "log_uniform_values", "min": 0.001, "max": 1.0}


def content(image_dir: Path, **keys: Any) -> dict[str, Any]:
    return {
        "metric": {"name": "val_loss"},
        "parameters": {"learning_rate": RATES, "epochs": {"value": 1}},
        "data": str(image_dir),
        **keys,
    }


def test_a_search_that_plans(tmp_path: Path, image_dir: Path, there: Session) -> None:
    words = ("-n", "3", "--max-concurrent", "1", "--wandb", "disabled")
    ran = there.sweep(tmp_path, content(image_dir, method="halton"), "halton", *words)
    assert ran.status == 0, ran.err
    assert "method: halton" in (ran.root / "sweep.yaml").read_text()
    rates = [event["config"]["learning_rate"] for event in ran.events("trial")]
    assert rates == pytest.approx([1e-3 * 1000**x for x in (1 / 3, 2 / 3, 1 / 9)])
    assert len(ran.events("epoch")) == 3


def test_what_it_refuses_and_where_its_word_stands(
    tmp_path: Path, image_dir: Path, there: Session
) -> None:
    file = write_sweep(tmp_path, content(image_dir, parameters={"epochs": {"values": [1, 2]}}))
    done = there.run("sweep", "halton", file, "--dry-run", "-n", "2", cwd=tmp_path)
    rule = "parameters.epochs: halton takes value and log_uniform_values, got 'categorical'"
    assert (done.returncode, done.stderr) == (2, f"{file}: {rule}\n")
    done = there.run("sweep", "halton", file, "--dry-run", cwd=tmp_path)
    assert "run_cap: is required by halton" in done.stderr
    done = there.run("sweep", "halton", "--dry-run", cwd=tmp_path)
    line = "sweep halton: needs a sweep file; halton has no default one\n"
    assert (done.returncode, done.stderr) == (2, line)
    assert "<grid|random|asha|bayes|climb|halton>" in (
        there.run("sweep", "--help", cwd=tmp_path).stdout
    )


def test_without_its_package_the_method_is_unknown(tmp_path: Path, image_dir: Path) -> None:
    file = write_sweep(tmp_path, content(image_dir, method="halton"))
    done = run_here("sweep", "random", file, "--dry-run", "-n", "2", cwd=tmp_path)
    rule = "method: must be 'grid', 'random' or 'bayes', got 'halton'"
    assert (done.returncode, done.stderr) == (2, f"{file}:2: {rule}\n")


def test_a_search_that_learns_goes_on_as_if_nothing_had_been(
    tmp_path: Path, image_dir: Path, there: Session, path: str
) -> None:
    words = ("--max-concurrent", "1", "--wandb", "disabled")
    sweep = content(image_dir, run_cap=5)
    (tmp_path / "quiet").mkdir()
    quiet = there.sweep(tmp_path / "quiet", sweep, "climb", *words)
    assert quiet.status == 0, quiet.err
    file, out = write_sweep(tmp_path, sweep), tmp_path / "out"
    with driving(
        "sweep", "climb", file, "-o", out, *words, cwd=tmp_path, PYTHONPATH=path
    ) as driver:
        wait_for(partial(reached, out, 3), driver)
        driver.kill_all()
    root = result_dir(out)
    done = there.run("sweep", "climb", "--resume", root, *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    same(root, quiet.root)
    told = {event["trial"]: event["value"] for event in events(root, "told")}
    assert len(told) == 5
    rng, best = random.Random(0), (float("-inf"), -4.0)
    for event in events(root, "trial"):  # it really climbs: each setting follows from the scores
        exponent = rng.gauss(best[1], 0.5)
        assert event["config"]["learning_rate"] == 10**exponent
        best = max(best, (-told[event["trial"]], exponent))
    facts = json.loads(run_here("show", root, "--json", cwd=tmp_path).stdout)
    assert facts["sweep"]["method"] == "climb", "its results are read without the package"
