"""Numbers that sweeps of the commit `before` gave, to compare today's with.

The rounding of a processor's kernels is its own. So the recorded numbers have a fingerprint beside
them: a hash of what bare PyTorch computes from fixed input, without anything of ours. On a machine
with the same fingerprint numbers must be equal to the last bit, on any other nearly so.
"""

import hashlib
import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

from tune_mc1.results.journal import read_records

RECORDED = Path(__file__).parents[1] / "running" / "before"
"""`numbers.json`, the sweep files, and a result directory that was interrupted."""

NEARLY = 0.05
"""Most that another processor's rounding changes of a loss, as a part of it, or of an accuracy."""

OF_THE_PLACE = {"seconds", "images_per_second", "time", "started", "ended", "attempts"} | {
    *("device_name", "node", "log", "checkpoint"),
}

Numbers = dict[str, list[dict[str, Any]]]


def numbers(root: Path) -> Numbers:
    """What a sweep computed and decided, without what depends on clock and machine."""
    events = [event for event, _ in read_records(root / "journal.jsonl")]
    return {
        "trials": _rows(root / "trials.parquet", ["trial"]),
        "history": _rows(root / "history.parquet", ["trial", "epoch"]),
        "rungs": [_row(e) for e in events if e["event"] == "rung"],
        "hashes": [
            {name: e[name] for name in ("trial", "config_hash", "fold")}
            for e in events
            if e["event"] == "trial"
        ],
    }


def _rows(file: Path, order: list[str]) -> list[dict[str, Any]]:
    table = pd.read_parquet(file).sort_values(order)
    return [_row(row) for row in table.to_dict("records")]


def _row(row: dict[Any, Any]) -> dict[str, Any]:
    return {str(name): _plain(value) for name, value in row.items() if name not in OF_THE_PLACE}


def _plain(value: Any) -> Any:
    """As JSON has it: a missing number is null."""
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and math.isnan(value) else value


def fingerprint() -> str:
    """A hash of PyTorch's own numbers on one thread of this machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(5)
            net = nn.Sequential(
                *(nn.Conv2d(3, 6, 5), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2)),
                *(nn.Conv2d(6, 16, 5), nn.ReLU(), nn.Conv2d(16, 64, 5, padding=2), nn.ReLU()),
                *(nn.Flatten(), nn.Linear(6400, 120), nn.ReLU(), nn.Linear(120, 10)),
            )
            images, labels = torch.randn(32, 3, 32, 32), torch.arange(32) % 10
        return _hash_of_steps(net, images, labels)
    finally:
        torch.set_num_threads(threads)


def _hash_of_steps(net: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> str:
    sha = hashlib.sha256()
    halves = list(net.parameters())
    optimizers = [
        torch.optim.SGD(halves[::2], lr=0.01, momentum=0.9, fused=True),
        torch.optim.AdamW(halves[1::2], lr=0.001, fused=True),
    ]
    for _ in range(3):
        loss = functional.cross_entropy(net(images), labels)
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        for optimizer in optimizers:
            optimizer.step()
        for tensor in (loss.detach(), *(p.detach() for p in halves)):
            sha.update(tensor.numpy().tobytes())
    return sha.hexdigest()[:16]


def check_same(found: Numbers, recorded: Numbers, *, exactly: bool) -> None:
    """Compares all that was recorded; columns that came later are no difference.

    Args:
        found: Today's numbers.
        recorded: Those of the commit `before`.
        exactly: Whether to the last bit. If not, ASHA may decide otherwise where two scores are
            next to each other, so that only epochs that ran both times are compared.
    """
    assert found["hashes"] == recorded["hashes"]
    if exactly:
        for table, rows in recorded.items():
            today = [{name: row[name] for name in rows[0]} for row in found[table]] if rows else []
            assert today == rows, table
        return
    for entry in found["rungs"]:
        if entry["cutoff"] is not None:
            assert entry["stop"] == (entry["score"] < entry["cutoff"])
    epochs = {(row["trial"], row["epoch"]): row for row in found["history"]}
    assert {(row["trial"], 1) for row in recorded["trials"]} <= epochs.keys()
    for row in recorded["history"]:
        now = epochs.get((row["trial"], row["epoch"]), row)
        for name, value in row.items():
            assert _nearly_equal(now[name], value), f"{row}: {name} is {now[name]!r}"


def _nearly_equal(now: Any, then: Any) -> bool:
    if isinstance(now, float) and isinstance(then, float):
        return math.isclose(now, then, rel_tol=NEARLY, abs_tol=NEARLY)
    return bool(now == then)


def recorded() -> dict[str, Any]:
    """The recorded numbers, by sweep, and the fingerprint of their machine."""
    text = (RECORDED / "numbers.json").read_text()
    content: dict[str, Any] = json.loads(text)
    return content


def write_tiny_images(folder: Path) -> None:
    """Images of 12 by 12 pixels in four classes, so that a checkpoint has a few kilobytes."""
    folder.mkdir()
    rng = np.random.default_rng(11)
    for part, count in (("train", 80), ("test", 40)):
        labels = np.arange(count) % 4
        cells = []
        for label in labels:
            pixels = rng.integers(0, 120, (12, 12, 3), dtype=np.uint8)
            pixels[3 * label : 3 * label + 3, :, label % 3] += 120
            file = io.BytesIO()
            Image.fromarray(pixels).save(file, "PNG")
            cells.append({"bytes": file.getvalue(), "path": ""})
        table = pa.table({"img": cells, "label": labels})
        pq.write_table(table, folder / f"{part}-00000-of-00001.parquet")
