"""Searches of another package, a file each: one that plans, and one that learns and goes on."""

import json
import os
import random
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.running.test_sweep import run_sweep, tune_mc1
from tests.support.faults import driving, events, reached, result_dir, same, wait_for, write_sweep
from tests.support.plugins import write_plugin

HALTON = '''
from tune_mc1.config.distributions import Range
from tune_mc1.config.parameters import Constant
from tune_mc1.config.problems import Problem
from tune_mc1.config.search import Search, register_search

PRIMES = (2, 3, 5, 7, 11, 13)


def halton(index, base):
    number, digit_value = 0.0, 1.0
    while index:
        digit_value /= base
        index, digit = divmod(index, base)
        number += digit * digit_value
    return number


def value(parameter, number):
    if isinstance(parameter, Constant):
        return parameter.value
    low, high = parameter.bounds
    return low * (high / low) ** number  # evenly in the logarithm


@register_search
class Halton(Search):
    """Settings that fill the space evenly (Halton 1960), in the logarithm of each parameter."""

    name = "halton"

    def problems(self, sweep):
        rule = "halton takes value and log_uniform_values"
        return [
            Problem(("parameters", name), rule, parameter.distribution)
            for name, parameter in sweep.parameters.items()
            if parameter.distribution not in ("constant", "log_uniform_values")
        ]

    def settings(self, sweep):
        return [
            {
                name: value(parameter, halton(index, prime))
                for prime, (name, parameter) in zip(PRIMES, sorted(sweep.parameters.items()))
            }
            for index in range(1, sweep.run_cap + 1)
        ]
'''

CLIMB = '''
import random

from tune_mc1.config.parameters import Constant
from tune_mc1.config.search import AskTell, Search, register_search


@register_search
class Climb(Search):
    """Hill climbing: each setting is near the best so far."""

    name = "climb"
    adapter = "my_plugin:Climber"


class Climber(AskTell):
    def __init__(self, sweep):
        self.rng = random.Random(sweep.search_seed)
        self.fixed = {k: p.value for k, p in sweep.parameters.items() if isinstance(p, Constant)}
        self.sign = 1 if sweep.metric.goal == "maximize" else -1
        self.exponents, self.best = {}, (float("-inf"), -4.0)

    def ask(self, trial):
        self.exponents[trial] = self.rng.gauss(self.best[1], 0.5)
        return {**self.fixed, "learning_rate": 10 ** self.exponents[trial]}

    def tell(self, trial, value):
        if value is not None:
            self.best = max(self.best, (self.sign * value, self.exponents[trial]))
'''

RATES = {"distribution": "log_uniform_values", "min": 0.001, "max": 1.0}


def content(image_dir: Path, **keys: Any) -> dict[str, Any]:
    return {
        "metric": {"name": "val_loss"},
        "parameters": {"learning_rate": RATES, "epochs": {"value": 1}},
        "data": str(image_dir),
        **keys,
    }


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """Environment in which a plugin of `tmp_path` is installed."""
    return {"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}"}


def test_a_search_that_plans(tmp_path: Path, image_dir: Path, env: dict[str, str]) -> None:
    write_plugin(tmp_path, HALTON)
    words = ("-n", "3", "--wandb", "disabled")
    ran = run_sweep(tmp_path, content(image_dir, method="halton"), "halton", *words, **env)
    assert ran.status == 0, ran.err
    assert "method: halton" in (ran.root / "sweep.yaml").read_text()
    rates = [event["config"]["learning_rate"] for event in ran.events("trial")]
    assert rates == pytest.approx([1e-3 * 1000**x for x in (1 / 3, 2 / 3, 1 / 9)])
    assert len(ran.events("epoch")) == 3


def test_what_it_refuses_and_where_its_word_stands(
    tmp_path: Path, image_dir: Path, env: dict[str, str]
) -> None:
    write_plugin(tmp_path, HALTON)
    file = write_sweep(tmp_path, content(image_dir, parameters={"epochs": {"values": [1, 2]}}))
    done = tune_mc1("sweep", "halton", file, "--dry-run", "-n", "2", cwd=tmp_path, **env)
    rule = "parameters.epochs: halton takes value and log_uniform_values, got 'categorical'"
    assert (done.returncode, done.stderr) == (2, f"{file}: {rule}\n")
    done = tune_mc1("sweep", "halton", file, "--dry-run", cwd=tmp_path, **env)
    assert "run_cap: is required by halton" in done.stderr
    done = tune_mc1("sweep", "halton", "--dry-run", cwd=tmp_path, **env)
    line = "sweep halton: name a sweep file; none is shipped for halton\n"
    assert (done.returncode, done.stderr) == (2, line)
    assert "<grid|random|asha|bayes|halton>" in (
        tune_mc1("sweep", "--help", cwd=tmp_path, **env).stdout
    )


def test_without_its_package_the_method_is_unknown(tmp_path: Path, image_dir: Path) -> None:
    file = write_sweep(tmp_path, content(image_dir, method="halton"))
    done = tune_mc1("sweep", "random", file, "--dry-run", "-n", "2", cwd=tmp_path)
    rule = "method: must be 'grid', 'random' or 'bayes', got 'halton'"
    assert (done.returncode, done.stderr) == (2, f"{file}:2: {rule}\n")


def test_a_search_that_learns_goes_on_as_if_nothing_had_been(
    tmp_path: Path, image_dir: Path, env: dict[str, str]
) -> None:
    write_plugin(tmp_path, CLIMB)
    words = ("--max-concurrent", "1", "--wandb", "disabled")
    sweep = content(image_dir, run_cap=5)
    (tmp_path / "quiet").mkdir()
    quiet = run_sweep(tmp_path / "quiet", sweep, "climb", *words, **env)
    assert quiet.status == 0, quiet.err
    file, out = write_sweep(tmp_path, sweep), tmp_path / "out"
    with driving("sweep", "climb", file, "-o", out, *words, cwd=tmp_path, **env) as driver:
        wait_for(partial(reached, out, 3), driver)
        driver.kill_all()
    root = result_dir(out)
    done = tune_mc1("sweep", "climb", "--resume", root, *words, cwd=tmp_path, **env)
    assert done.returncode == 0, done.stderr
    same(root, quiet.root)
    told = {event["trial"]: event["value"] for event in events(root, "told")}
    assert len(told) == 5
    rng, best = random.Random(0), (float("-inf"), -4.0)
    for event in events(root, "trial"):  # it really climbs: each setting follows from the scores
        exponent = rng.gauss(best[1], 0.5)
        assert event["config"]["learning_rate"] == 10**exponent
        best = max(best, (-told[event["trial"]], exponent))
    facts = json.loads(tune_mc1("show", root, "--json", cwd=tmp_path).stdout)
    assert facts["sweep"]["method"] == "climb", "its results are read without the package"
    assert os.environ.get("PYTHONPATH") != env["PYTHONPATH"]
