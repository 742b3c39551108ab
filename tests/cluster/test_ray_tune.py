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

MORE = """
from tune_mc1.cluster.ray_tune_private import _later
with _later(iter(["pandas"])):
    import pandas
    print(pandas.Series([3]).sum(), pandas.DataFrame([[3]]).shape)
import pandas
print(pandas.__file__ is not None)
"""

ELSEWHERE = """
from concurrent.futures import ThreadPoolExecutor
from tune_mc1.cluster.ray_tune_private import _later

def import_pandas():
    import pandas
    import pandas.core.frame as frame
    from pandas import DataFrame
    return pandas.__version__ > "2", DataFrame is frame.DataFrame

with _later(iter(["pandas"])), ThreadPoolExecutor(1) as pool:
    from pandas import DataFrame
    print(*pool.submit(import_pandas).result())
    import pandas
    print(pandas.__file__ is not None, isinstance(pandas.DataFrame(), DataFrame))
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


def test_a_name_that_is_not_expected_has_the_module_imported() -> None:
    assert run(MORE) == ["3 (1, 1)", "True"]


def test_another_thread_gets_the_module() -> None:
    """Images are loaded meanwhile, perhaps by a user's code."""
    assert run(ELSEWHERE) == ["True True", "True True"]
