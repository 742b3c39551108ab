"""Drawn sweep files against W&B's own engine: acceptance, grids, bands, ends and quantiles.

`python -m tests.support.wandb_oracle` records what the engine makes of the files. Where this
project differs, the difference has a name here and a row in `docs/wandb-compatibility.md`.
"""

import bisect
import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from tests.support.wandb_files import sweep_files
from tests.support.wandb_oracle import COUNT, LEVELS, MOST_RUNS, RECORDED, SEED
from tune_mc1.config.load import load_sweep
from tune_mc1.config.method import resolve_method
from tune_mc1.config.parameters import Categorical, Parameter, WeightedCategorical
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.errors import InputError
from tune_mc1.planning.schedulers.hyperband import Hyperband

VERDICTS = [json.loads(line) for line in RECORDED.read_text().splitlines()]

DRAWS, OFF = 1000, 0.08
"""Draws of a parameter, and how far the share below a quantile may be from its own (5 sigma)."""

Tree = dict[str, Any]


def parts(parameters: Tree) -> Iterator[Tree]:
    """All parameters, also nested ones, as they are in a file."""
    for own in parameters.values():
        if "parameters" in own:
            yield from parts(own["parameters"])
        else:
            yield own


def _weighted_in_bayes(file: Tree) -> bool:
    return file["method"] == "bayes" and any(
        "probabilities" in p for p in parts(file["parameters"])
    )


def _constants_in_bayes(file: Tree) -> bool:
    return file["method"] == "bayes" and all("value" in p for p in parts(file["parameters"]))


def _no_first_band(file: Tree) -> bool:
    return set(file.get("early_terminate", ())) <= {"type", "eta", "strict"}


def _number_as_text(file: Tree) -> bool:
    keys = ("min", "max", "q", "mu", "sigma", "a", "b")
    return any(isinstance(p.get(key), str) for p in parts(file["parameters"]) for key in keys)


def _values_as_exponents(file: Tree) -> bool:
    kinds = ("log_uniform", "q_log_uniform")
    found = (p for p in parts(file["parameters"]) if p.get("distribution") in kinds)
    return any(0 <= p["min"] < p["max"] <= 1 for p in found)


ONLY_HERE: dict[str, Callable[[Tree], bool]] = {
    "probabilities in a Bayesian search, at which the engine fails": _weighted_in_bayes,
    "a Bayesian search of constants, at which the engine fails": _constants_in_bayes,
    "hyperband without min_iter, which is 1 here": _no_first_band,
    "a number that is written as text": _number_as_text,
}
"""What files have that only this project takes."""

ONLY_THERE: dict[str, Callable[[Tree], bool]] = {
    "bounds of log_uniform that are meant as values": _values_as_exponents,
}
"""What files have that only the engine takes."""


def taken(folder: Path, file: Tree) -> ProgramSweep | None:
    """The sweep of a file; None if it is refused."""
    path = folder / "sweep.yaml"
    path.write_text(yaml.safe_dump({"program": "train.py", **file}, sort_keys=False))
    try:
        sweep, _ = resolve_method(load_sweep(path).sweep, file["method"])
    except InputError:
        return None
    assert isinstance(sweep, ProgramSweep)
    return sweep


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Tree, ProgramSweep]]:
    """Verdicts and sweeps of the files that both take."""
    folder = tmp_path_factory.mktemp("files")
    pairs = [(verdict, taken(folder, verdict["file"])) for verdict in VERDICTS]
    return [(v, s) for v, s in pairs if s is not None and "refused" not in v]


def test_the_recorded_files_are_those_that_are_drawn() -> None:
    assert [verdict["file"] for verdict in VERDICTS] == sweep_files(COUNT, SEED)


def test_the_same_files_are_valid(tmp_path: Path) -> None:
    used: Counter[str] = Counter()
    for verdict in VERDICTS:
        file, theirs = verdict["file"], "refused" not in verdict
        ours = taken(tmp_path, file) is not None
        if ours == theirs:
            continue
        known = ONLY_HERE if ours else ONLY_THERE
        names = [name for name, applies in known.items() if applies(file)]
        assert names, f"only {'here' if ours else 'there'}: {file} ({verdict.get('refused')})"
        used.update(names)
    assert set(used) == {*ONLY_HERE, *ONLY_THERE}, "a difference that no file has any more"


def key(setting: Any, loose: bool = False) -> str:
    """A setting as text, numbers to 9 digits.

    Args:
        setting: The setting, or a value of one.
        loose: Whether 1 and 1.0 are the same.
    """
    return json.dumps(_rounded(setting, loose), sort_keys=True)


def _rounded(value: Any, loose: bool) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(own, loose) for name, own in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(own, loose) for own in value]
    number = isinstance(value, float) or (loose and type(value) is int)
    return float(f"{round(value, 12):.9g}") if number else value


def in_order(parameters: Tree) -> bool:
    """True if all names are sorted as the engine sorts them."""
    inner = [own["parameters"] for own in parameters.values() if "parameters" in own]
    return list(parameters) == sorted(parameters) and all(map(in_order, inner))


def test_the_same_runs_of_a_grid(both: list[tuple[Tree, ProgramSweep]]) -> None:
    """In the same order where names are sorted, as W&B sorts them."""
    compared = ordered = 0
    for verdict, sweep in both:
        if "runs" not in verdict or twins(verdict["file"]):
            continue
        whole = sweep.model_copy(update={"run_cap": None})
        settings = whole.search.settings(whole)[:MOST_RUNS]
        # without q, values of q_uniform are integers here, and in W&B 1.0, 2.0, ...
        loose = any(
            p.get("distribution") == "q_uniform" and "q" not in p
            for p in parts(verdict["file"]["parameters"])
        )
        ours = [key(sweep.arguments(setting), loose) for setting in settings]
        theirs = [key(run, loose) for run in verdict["runs"]]
        if in_order(verdict["file"]["parameters"]):
            ordered += 1
            assert ours == theirs, verdict["file"]
        elif len(theirs) < MOST_RUNS:
            assert sorted(ours) == sorted(theirs), verdict["file"]
        compared += 1
    assert compared > 80
    assert ordered > 30


def twins(file: Tree) -> bool:
    """True if a parameter lists 1 and 1.0, which are one value in the engine's grid."""
    listed = [p["values"] for p in parts(file["parameters"]) if "values" in p]
    return any(len(set(map(str, v))) > len({float(x) if x == 1 else x for x in v}) for v in listed)


def test_the_same_bands(both: list[tuple[Tree, ProgramSweep]]) -> None:
    compared = 0
    for verdict, sweep in both:
        if "bands" in verdict:
            assert isinstance(sweep.early_terminate, Hyperband)
            assert list(sweep.early_terminate.rung_epochs(100)) == verdict["bands"], verdict["file"]
            compared += 1
    assert compared >= 10


def test_the_same_draws(both: list[tuple[Tree, ProgramSweep]]) -> None:
    """Same ends, the same values of those that are listed or rounded, and the same quantiles."""
    kinds: Counter[str] = Counter()
    rng = np.random.default_rng(0)
    for verdict, sweep in both:
        for name, theirs in verdict.get("draws", {}).items():
            parameter = sweep.parameters[name.replace("/", ".")]
            values = [parameter.sample(rng) for _ in range(1 if "value" in theirs else DRAWS)]
            check(parameter, values, theirs, f"{name} of {verdict['file']}")
            kinds[parameter.distribution] += 1
    assert len(kinds) >= 18, kinds
    assert min(kinds.values()) >= 2, kinds


def check(parameter: Parameter, values: list[Any], theirs: Mapping[str, Any], where: str) -> None:
    """Compares draws with the ends and quantiles of the engine."""
    if "value" in theirs:
        assert values == [theirs["value"]], where
    elif isinstance(parameter, Categorical | WeightedCategorical):
        listed = list(map(key, parameter.values))
        quantiles, drawn = (
            [listed.index(key(v)) for v in some] for some in (theirs["quantiles"], values)
        )
        if len(listed) == theirs["listed"]:  # else W&B draws a value as often as it is listed
            compare(sorted(drawn), quantiles, where)
    else:
        low, high = (float(end) for end in theirs["ends"])
        slack = 1e-8 * max(abs(end) for end in (low, high, 1) if math.isfinite(end))
        assert low - slack <= min(values), where
        assert max(values) <= high + slack, where
        if parameter.ends is not None:
            assert parameter.ends == pytest.approx((low, high), rel=1e-6, abs=1e-9), where
        if isinstance(theirs.get("q"), int) or theirs.get("q", 1) != 1:
            whole = isinstance(theirs["quantiles"][0], int)
            assert {type(v) for v in values} == {int if whole else float}, where
        compare(sorted(values), theirs["quantiles"], where)


def compare(drawn: Sequence[float], quantiles: Sequence[float], where: str) -> None:
    """Checks the share of draws, ascending, below each quantile."""
    for level, quantile in zip(LEVELS, quantiles, strict=True):
        near = 1e-9 * max(abs(quantile), 1)
        below = bisect.bisect_left(drawn, quantile - near) / len(drawn)
        upto = bisect.bisect_right(drawn, quantile + near) / len(drawn)
        assert below - OFF <= level <= upto + OFF, (where, level, quantile)
