"""Records what W&B's own engine makes of sweep files: `python -m tests.support.wandb_oracle`.

The engine, the package `sweeps`, requires NumPy 1, so that it gets an environment of its own, which
is removed afterwards. Its verdicts are in `tests/config/wandb_files.jsonl`, a line for each file.
"""

import importlib
import itertools
import json
import math
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

from tests.support.wandb_files import sweep_files

VERSION = "sweeps==0.3.0"
COUNT, SEED = 400, 20
RECORD = "--record"
"""The argument with which the engine's own environment runs this file."""

RECORDED = Path(__file__).parents[1] / "config" / "wandb_files.jsonl"

LEVELS = [i / 10 for i in range(1, 10)]
"""Shares of the draws below the recorded quantiles."""

MOST_RUNS = 200
"""Maximum number of recorded runs of a grid."""


def main() -> None:
    """Makes the environment, and runs this file in it."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"
        install = [str(python), "-m", "pip", "install", "--quiet", VERSION, "numpy<2"]
        subprocess.run(install, check=True)
        again = [str(python), "-m", "tests.support.wandb_oracle", RECORD]
        subprocess.run(again, check=True, cwd=RECORDED.parents[2])


def record() -> None:
    """Writes the verdict on each file."""
    files = sweep_files(COUNT, SEED)
    lines = [json.dumps({"file": file, **_verdict(file)}) for file in files]
    RECORDED.write_text("".join(f"{line}\n" for line in lines))
    print(f"{RECORDED}: {len(lines)} files")


def _engine(module: str) -> Any:
    """A module of the engine, which only its own environment has."""
    return importlib.import_module(module)


def _verdict(file: dict[str, Any]) -> dict[str, Any]:
    """Why the engine refuses a file, or the bands, and the runs or draws, of one that it takes.

    Distributions that its check calls outdated are drawn from nevertheless.
    """
    sweeps = _engine("sweeps")
    found: dict[str, Any] = {}
    try:
        sweeps.SweepConfig(file)
    except Exception as error:  # of many kinds
        lines = str(error).splitlines()
        if not all("base-e exponents" in line for line in lines):
            return {"refused": lines[0]}
        found["outdated"] = True
    try:
        if "early_terminate" in file:
            found["bands"] = _bands(file)
        if file["method"] == "grid":
            return found | {"runs": _runs(file)}
        if file["method"] == "bayes":
            sweeps.next_run(file, [], validate=False)
        return found | {"draws": _draws(file)}
    except Exception as error:
        return {"refused": f"{type(error).__name__}: {error}".splitlines()[0]}


def _bands(file: dict[str, Any]) -> list[int]:
    """Iterations at which runs are compared, those of `min_iter` up to 100."""
    sweeps = _engine("sweeps")
    log = {file["metric"]["name"]: 1.0}
    run = sweeps.SweepRun(name="a", state=sweeps.RunState.running, history=[log])
    _engine("sweeps.hyperband_stopping").hyperband_stop_runs([run], file)
    return [band for band in dict.fromkeys(run.early_terminate_info["bands"]) if band < 100]


def _runs(file: dict[str, Any]) -> list[Any]:
    """The runs of a grid; null ends them."""
    found = _engine("sweeps.grid_search").grid_search_next_runs([], file, n=MOST_RUNS)
    runs = itertools.takewhile(lambda run: run is not None, found)
    return [{name: own["value"] for name, own in run.config.items()} for run in runs]


def _draws(file: dict[str, Any]) -> dict[str, Any]:
    """Ends and quantiles of each parameter, of nested ones under `outer/inner`."""
    import numpy as np

    parameters = _engine("sweeps.params").HyperParameterSet
    found = {}
    for own in parameters.from_config(file["parameters"]):
        name = own.name.replace(parameters.NESTING_DELIMITER, "/")
        if own.type == "param_single_value":
            found[name] = {"value": own.config["value"]}
            continue
        # at a bound itself, one of probability 0, rounding goes another way
        rounded = own.type == "param_int_uniform" or "q" in own.config
        edge = 1e-9 if rounded else 0.0
        levels = np.array([edge, *LEVELS, 1 - edge])
        values = [_plain(own.ppf(level)) for level in levels]
        # -2**63 is nan as an integer
        if any(v == -(2**63) or (isinstance(v, float) and math.isnan(v)) for v in values[1:-1]):
            raise ValueError(f"{name}: draws nan")
        # an infinite end, too
        low, high = (
            own if v == -(2**63) else v for v, own in ((values[0], "-inf"), (values[-1], "inf"))
        )
        found[name] = {"ends": [low, high], "quantiles": values[1:-1]}
        found[name] |= {"q": own.config["q"]} if "q" in own.config else {}
        found[name] |= {"listed": len(own.config["values"])} if "values" in own.config else {}
    return found


def _plain(value: Any) -> Any:
    """A value as JSON has it, a number to 9 digits; infinity as text."""
    plain = value.item() if hasattr(value, "item") else value
    if not isinstance(plain, float):
        return plain
    return str(plain) if math.isinf(plain) else float(f"{plain:.9g}")


if __name__ == "__main__":
    record() if RECORD in sys.argv else main()
