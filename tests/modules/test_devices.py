"""What the trainer asks of the machine, and what Lightning refuses: said before anything starts."""

from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from tests.modules.test_bad_modules import refused
from tests.support.in_process import run_here
from tests.support.modules import QUICK, content, write_module
from tune_mc1.config.load import load_sweep
from tune_mc1.errors import InputError
from tune_mc1.planning.resources import TrialResources
from tune_mc1.running.module_start import check_devices


@pytest.fixture(autouse=True)
def without_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (
            {"trainer": {"accelerator": "gpu"}},
            "trainer.accelerator: needs a GPU, and there is none, got 'gpu'",
        ),
        (
            {"trainer": {"accelerator": "cuda"}, "resources": {"cpu": 1, "gpu": 0}},
            "trainer.accelerator: needs a GPU, and resources.gpu is 0, got 'cuda'",
        ),
        (
            {"parameters": {"trainer.accelerator": {"values": ["cpu", "mps"]}}},
            "parameters.trainer.accelerator: needs a GPU, and there is none, got 'mps'",
        ),
        (
            {"trainer": {"strategy": "fsdp"}},
            "trainer.strategy: needs a GPU, and there is none, got 'fsdp'",
        ),
        (
            {"trainer": {"accelerator": "tpu"}},
            "trainer.accelerator: must be one of auto, cpu, gpu, cuda, mps, as resources has no "
            "other devices, got 'tpu'",
        ),
        (
            {"trainer": {"strategy": "ddp_spawn"}},
            "trainer.strategy: must not start processes of its own; resources: {workers: 2} trains "
            "each trial by DDP, got 'ddp_spawn'",
        ),
        (
            {"trainer": {"strategy": "dpp"}},
            "trainer: You selected an invalid strategy name: `strategy='dpp'`.",
        ),
        ({"trainer": {"barebones": True}}, "trainer: Trainer was configured with"),
        ({"trainer": {"limit_val_batches": 1.5}}, "trainer: You have passed invalid value 1.5"),
        (
            {"parameters": {"trainer.val_check_interval": {"values": [0.5, 1.5]}}},
            "trainer: You have passed invalid value 1.5 for val_check_interval, it has to be in",
        ),
        (
            {"trainer": {"devices": 1}, "resources": {"cpu": 1, "workers": 2}},
            "trainer.devices: cannot be set, as resources decides on it",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_refused(tmp_path: Path, keys: dict[str, Any], line: str) -> None:
    (found,) = refused(tmp_path, **keys)
    assert line in found


@pytest.mark.parametrize(
    "more",
    [
        {"trainer": {**QUICK, "devices": 1, "num_nodes": 1, "accelerator": "auto"}},
        {"trainer": {**QUICK, "devices": "auto", "strategy": "ddp", "accelerator": "cpu"}},
        {"trainer": {**QUICK, "accelerator": "gpu"}, "resources": {"cpu": 1, "gpu": 1}},
        {"trainer": {**QUICK, "precision": "bf16-mixed", "gradient_clip_val": 1}},
    ],
    ids=["one device", "auto", "gpu", "plain"],
)
def test_published_arguments_pass(tmp_path: Path, more: dict[str, Any]) -> None:
    name = write_module(tmp_path)
    file = tmp_path / "sweep.yaml"
    file.write_text(yaml.safe_dump(content(name, **more)))
    done = run_here("sweep", "grid", file, "--dry-run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_cluster_without_gpus_is_known_when_it_is_connected(tmp_path: Path) -> None:
    name = write_module(tmp_path)
    file = tmp_path / "sweep.yaml"
    file.write_text(yaml.safe_dump(content(name, trainer={"accelerator": "gpu"})))
    sweep = load_sweep(file).sweep
    check_devices(sweep, TrialResources(1, 0.5))
    with pytest.raises(InputError, match="accelerator: needs a GPU, and there is none, got 'gpu'"):
        check_devices(sweep, TrialResources(1, 0))
