"""Programs on GPUs: each sees the one that Ray gave it. The GPUs need not exist for that."""

from pathlib import Path

import pytest

from tests.support.node_cluster import gpu_cluster
from tests.support.programs import program_sweep

SEES = """
import argparse, os, time
from pathlib import Path
import tune_mc1

parser = argparse.ArgumentParser()
parser.add_argument("--lr")
Path(f"here-{parser.parse_args().lr}").touch()
while len(list(Path().glob("here-*"))) < 2:
    time.sleep(0.1)
print(os.environ["CUDA_VISIBLE_DEVICES"], os.environ["OMP_NUM_THREADS"])
tune_mc1.report({"val/acc": 1.0})
"""


def test_each_sees_the_gpu_that_ray_gave_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    with gpu_cluster([(4, 2)]):
        ran = program_sweep(
            tmp_path,
            "grid",
            code=SEES,
            parameters={"lr": {"values": [0.1, 0.2]}},
            resources={"cpu": 2, "gpu": 1},
        )
    assert ran.status == 0, ran.err
    logs = [(ran.root / "logs" / f"t000{i}.log").read_text() for i in (1, 2)]
    assert sorted(logs) == ["0 2\n", "1 2\n"]
