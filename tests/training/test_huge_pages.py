"""Large tensors are in memory for which PyTorch has asked for huge pages."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")

CODE = """
from threading import Thread
from tune_mc1.training.lightning_private import load_lightning

def asked():
    tensor = torch.ones(16 << 20)  # 64 MB
    address, inside = tensor.data_ptr(), False
    for line in open("/proc/self/smaps"):
        name, _, rest = line.partition(" ")
        if "-" in name and ":" not in name:
            begin, end = (int(part, 16) for part in name.split("-"))
            inside = begin <= address < end
        elif inside and name == "VmFlags:":
            print("hg" in rest.split())

load_lightning()
import torch
thread = Thread(target=asked)  # as in a process of Ray
thread.start()
thread.join()
"""


@pytest.mark.skipif(not PAGES.exists(), reason="no huge pages on this system")
@pytest.mark.parametrize(("value", "asked"), [(None, "True"), ("0", "False")])
def test_they_are_asked_for_unless_the_user_says_otherwise(value: str | None, asked: str) -> None:
    env = {name: word for name, word in os.environ.items() if name != "THP_MEM_ALLOC_ENABLE"}
    env |= {} if value is None else {"THP_MEM_ALLOC_ENABLE": value}
    done = subprocess.run(
        [sys.executable, "-c", CODE], env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [asked]
