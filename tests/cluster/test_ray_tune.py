"""What Ray Tune is imported without, in processes of their own."""

import json
import subprocess
import sys
from collections.abc import Sequence

LOADED = """
import json, os, sys
from tune_mc1.cluster.ray_tune_private import load_tune
load_tune()
from ray.tune.analysis import experiment_analysis
from ray.tune.trainable import trainable

def left_out():
    return [name for name in ("pandas", "ray.data", "IPython") if name in sys.modules]

for code in json.loads(sys.argv[1]):
    sys.stdout.flush()
    if not (fork := os.fork()):
        exec(code)
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(fork, 0)
"""

USED = {
    "trainable.disable_ipython(); print(left_out())": "[]",
    "print(isinstance(3, experiment_analysis.DataFrame), left_out())": "False []",
    "print(experiment_analysis.DataFrame([[3]]).shape, left_out())": "(1, 1) ['pandas']",
    "print(experiment_analysis.pd.Series([3]).sum(), left_out())": "3 ['pandas']",
    "print(experiment_analysis.DataFrame.from_dict({'a': [3]}).shape)": "(1, 1)",
    "import pandas; print(isinstance(pandas.DataFrame(), experiment_analysis.DataFrame))": "True",
    "import ray; print(ray.data.Dataset.__module__)": "ray.data.dataset",
    "from ray.data import Dataset; print(Dataset.__module__)": "ray.data.dataset",
}
"""What is run in forks of a process that has imported Ray Tune, and what it prints."""

THERE = """
import sys, pandas, ray.data
from tune_mc1.cluster.ray_tune_private import load_tune
for module in [name for name in sys.modules if name.startswith("ray.tune")]:
    del sys.modules[module]
load_tune()
from ray.tune.analysis import experiment_analysis
print(experiment_analysis.DataFrame is pandas.DataFrame, ray.data is sys.modules["ray.data"])
"""

BLOCK = """
import builtins, importlib.util, sys
from concurrent.futures import ThreadPoolExecutor
from tune_mc1.cluster.ray_tune_private import LATER, _later

def as_ray(code):
    names = {"__name__": "ray.of_test"}
    exec(code, names)
    return names

usual = builtins.__import__
with _later(iter(LATER)), ThreadPoolExecutor(1) as pool:
    taken = as_ray("from pandas import DataFrame; import pandas as pd; import ray.data, ray")
    print("pandas" in sys.modules, "ray.data" in sys.modules)
    assert importlib.util.find_spec("pandas").loader is not None
    elsewhere = "from pandas.errors import EmptyDataError; import pandas, io"
    there = pool.submit(as_ray, elsewhere).result()
    try:
        there["pandas"].read_csv(there["io"].StringIO(""))
    except there["EmptyDataError"]:
        print("caught in another thread")
    print(taken["pd"].Series([3]).sum(), "ray.data" in sys.modules)
print(builtins.__import__ is usual)
import pandas, ray

class Table(taken["DataFrame"]):
    pass

print(Table([[3]]).shape, issubclass(pandas.DataFrame, taken["DataFrame"]))
print(ray.data.Dataset.__module__, "ray.data" in sys.modules)
"""


def run(code: str, *words: str) -> Sequence[str]:
    command = [sys.executable, "-c", code, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_what_is_left_out_is_imported_when_it_is_used() -> None:
    said = run(LOADED, json.dumps(list(USED)))
    assert dict(zip(USED, said, strict=True)) == USED


def test_what_is_there_already_is_left_alone() -> None:
    assert run(THERE) == ["True True"]


def test_only_ray_in_its_thread_has_them_imported_later() -> None:
    """Images are loaded meanwhile in another, perhaps by a user's code."""
    assert run(BLOCK) == [
        "False False",
        "caught in another thread",
        "3 False",
        "True",
        "(1, 1) True",
        "ray.data.dataset True",
    ]
