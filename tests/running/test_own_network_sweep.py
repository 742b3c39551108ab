"""The examples of `configs/models` in real sweeps: a network of one's own, and layers to tune."""

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import yaml

from tests.support.in_process import connected, run_here, sweep_here
from tune_mc1.config.load import load_sweep
from tune_mc1.results.directory import ResultDir

EXAMPLES = Path(__file__).parents[2] / "configs" / "models"


def test_a_network_of_ones_own_is_tuned_and_goes_on(tmp_path: Path, image_dir: Path) -> None:
    for name in ("small_net.py", "small_net.yaml"):
        shutil.copy(EXAMPLES / name, tmp_path)
    connected()
    run = ("sweep", "grid", "small_net.yaml", "--data", image_dir, "-o", tmp_path / "out")
    own = ("--tracker", "none", "--set", "epochs=1", "--set", "width=4,8", "--set", "depth=2")
    done = run_here(*run, *own, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "has no fused form" not in done.stderr
    (root,) = (tmp_path / "out").iterdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    more = ("sweep", "grid", "--resume", root, "--epochs", "2", "--tracker", "none")
    done = run_here(*more, cwd=elsewhere)
    assert done.returncode == 0, done.stderr
    where = ResultDir(root)
    rows = pq.read_table(where.trials).to_pylist()
    columns = ("state", "epochs_run", "model", "width", "depth", "dropout", "pretrained")
    assert [[row[name] for name in columns] for row in rows] == [
        ["completed", 2, "small_net:SmallNet", width, 2, 0.1, None] for width in (4, 8)
    ]
    assert load_sweep(where.sweep_file).sweep.import_from == (str(tmp_path),)
    done = run_here("show", root, "--json", cwd=tmp_path)
    assert {row["width"] for row in json.loads(done.stdout)["trials"]} == {4, 8}


def test_layers_are_parameters_and_equal_ones_are_fused(tmp_path: Path, image_dir: Path) -> None:
    content = yaml.safe_load((EXAMPLES / "convnet.yaml").read_text())
    content["parameters"] |= {
        "filters": {"values": [[4, 8], [8]]},
        "epochs": {"value": 1},
        "learning_rate": {"values": [0.01, 0.03]},
    }
    for name in ("kernel_sizes", "hidden", "activation", "pool", "batch_norm"):
        content["parameters"][name] = {"value": content["parameters"][name]["values"][0]}
    del content["run_cap"]
    sweep = {**content, "data": str(image_dir), "fuse": 2}
    ran = sweep_here(tmp_path, sweep, "grid", "--tracker", "none")
    assert ran.status == 0, ran.err
    rows = pq.read_table(ran.root / "trials.parquet").to_pylist()
    assert [(row["filters"], row["hidden"], row["fused"]) for row in rows] == [
        ("[4, 8]", "[]", 2),
        ("[4, 8]", "[]", 2),
        ("[8]", "[]", 2),
        ("[8]", "[]", 2),
    ]
