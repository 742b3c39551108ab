"""PyTorch's compiler is imported by what compiles, and by nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

START = """
import sys
from tune_mc1.training.lightning_private import load_lightning
load_lightning()
"""
TRAIN = """
from pathlib import Path
from tests.support.group_run import group, run
from tune_mc1.data.source import load_data
images = load_data(sys.argv[1])
for size in (1, 2):
    for optimizer in ("SGD", "AdamW"):
        folder = Path(sys.argv[2]) / f"{optimizer}{size}"
        for epochs in (1, 2):  # the second time from the checkpoint
            report = run(group(size, epochs, optimizer=optimizer), images, folder)
            assert (f"t{size - 1}", epochs) in report.rows
print(type(sys.modules["torch._dynamo"]).__name__, "sympy" in sys.modules)
"""
COMPILE = """
import torch
from lightning.pytorch.utilities.compile import OptimizedModule

@torch.compiler.disable
def apart(x):
    assert not torch.compiler.is_compiling()
    return x

net = torch.compile(torch.nn.Linear(3, 3), backend="eager")
loss = apart(net(torch.ones(2, 3))).sum()
loss.backward()
torch.optim.SGD(net.parameters()).step()
print(isinstance(net, OptimizedModule), isinstance(net, torch._dynamo.OptimizedModule))
"""
SUBMODULE = """
import torch._dynamo.utils as utils
import torch, importlib
print(torch._dynamo.utils is utils is importlib.import_module("torch._dynamo.utils"))
print(utils.__spec__.origin.endswith("utils.py"))
print(isinstance(torch.nn.ReLU(), torch._dynamo.OptimizedModule))
from torch._dynamo import config
config.recompile_limit
"""
MISSING = """
import torch
try:
    import torch._dynamo.no_such_module
except ImportError as error:
    print(error)
try:
    torch._dynamo.no_such_name
except AttributeError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("code", "printed"),
    [
        (TRAIN, ["LazyDynamo False"]),
        (COMPILE, ["True True"]),
        (
            MISSING + SUBMODULE,
            [
                "No module named 'torch._dynamo.no_such_module'",
                "module 'torch._dynamo' has no attribute 'no_such_name'",
                *("True", "True", "False"),
            ],
        ),
    ],
    ids=["training", "compiling", "a submodule"],
)
def test_it_is_imported_when_it_is_needed(
    code: str, printed: list[str], image_dir: Path, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", START + code, image_dir, tmp_path],
        env=os.environ | {"CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines()[-len(printed) :] == printed, done.stderr


def test_with_a_gpu_it_is_imported_as_ever() -> None:
    code = """
import sys, torch
torch.cuda.is_available = lambda: True
from tune_mc1.training.dynamo_private import postpone_dynamo
postpone_dynamo()
print("torch._dynamo" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]


def test_what_is_imported_already_stays() -> None:
    code = "import torch._dynamo as real; from torch._dynamo import config" + START
    done = subprocess.run(
        [sys.executable, "-c", code + "print(sys.modules['torch._dynamo'] is real)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "True"
