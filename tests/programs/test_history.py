"""Rows of real W&B runs, whole, growing and damaged."""

import math
import time
from pathlib import Path

import pytest
from wandb.proto import wandb_internal_pb2

from tests.support.wandb_programs import run_offline
from tune_mc1.programs.history import HistoryReader
from tune_mc1.programs.log_row import LogRow
from tune_mc1.programs.wandb_log import BLOCK
from tune_mc1.programs.wandb_record import MESSAGES

MANY_KINDS = """
import math, numpy as np, wandb
run = wandb.init(config={"lr": 0.1, "net": {"depth": 3}})
run.define_metric("val/*", step_metric="epoch")
run.log({
    "a": 1, "nan": float("nan"), "inf": math.inf, "ninf": -math.inf, "yes": True, "no": False,
    "none": None, "word": "text", "n": {"x": 1.5, "y": {"z": 2}}, "list": [1, 2], "d.o.t": 7,
    "np": np.float32(0.5), "npi": np.int64(3), "val/acc (B)": 0.25, "epoch": 0, "big": 2**70,
    "h": wandb.Histogram([1, 2, 3]), "array": np.zeros(3), "_mine": 4,
})
run.log({"p": 1}, commit=False)
run.log({"q": 2})
run.log({"r": 1}, step=10)
run.log({"s": 2}, step=10)
run.log({"too late": 1}, step=3)
run.summary["best"] = 5
run.config["late"] = [1]
run.finish()
run = wandb.init(reinit="create_new")
run.log({"second": 1})
run.finish(exit_code=3)
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return run_offline(tmp_path_factory.mktemp("runs"), MANY_KINDS)


def test_every_kind_of_value(runs: list[Path]) -> None:
    reader = HistoryReader(runs[0])
    first, *others = reader.read()
    nan = first.metrics.pop("nan")
    assert math.isnan(nan)
    assert first.metrics == {
        **{"a": 1, "inf": math.inf, "ninf": -math.inf, "yes": 1, "no": 0, "n.x": 1.5, "n.y.z": 2},
        **{"d.o.t": 7, "np": 0.5, "npi": 3, "val/acc (B)": 0.25, "epoch": 0, "big": 2.0**70},
        "_mine": 4,
    }
    assert all(type(value) is float for value in first.metrics.values())
    steps = [(row.metrics, row.step) for row in others]
    assert steps == [({"p": 1, "q": 2}, 1), ({"r": 1, "s": 2}, 10)]
    kinds = {"none": "null", "word": "text", "list": "list", "array": "list", "h": "media"}
    assert reader.left_out == kinds
    assert reader.config == {"lr": 0.1, "net": {"depth": 3}, "late": [1]}
    assert reader.exit_code == 0
    assert first.timestamp is not None
    assert abs(first.timestamp - time.time()) < 300
    summary = reader.summary()
    assert (summary["best"], summary["s"], summary["n.y.z"]) == (5, 2, 2)
    assert reader.left_out == kinds


def test_the_second_run_of_a_program_has_a_file_of_its_own(runs: list[Path]) -> None:
    reader = HistoryReader(runs[1])
    assert [row.metrics for row in reader.read()] == [{"second": 1}]
    assert reader.exit_code == 3
    assert reader.read() == []


def test_a_file_that_grows_byte_by_byte(runs: list[Path], tmp_path: Path) -> None:
    """Each row once, and as soon as its last byte is there."""
    content, path = runs[0].read_bytes(), tmp_path / "run.wandb"
    whole = HistoryReader(runs[0]).read()
    reader, rows = HistoryReader(path), []
    assert reader.read() == []
    for size in range(len(content) + 1):
        path.write_bytes(content[:size])
        rows += reader.read()
        assert (reader.exit_code is None) == (size < len(content)), size
    assert repr(rows) == repr(whole)


@pytest.fixture(scope="module")
def long_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """About 40 blocks; some records lie in several of them."""
    code = """
import wandb
run = wandb.init()
for i in range(2000):
    run.log({"i": i, "loss": 1 / (i + 1), **({"text": "x" * 100_000} if i % 500 == 7 else {})})
run.finish()
"""
    return run_offline(tmp_path_factory.mktemp("long"), code)[0]


@pytest.mark.parametrize("step", [997, BLOCK - 1, BLOCK, 1 << 20])
def test_records_across_blocks(long_run: Path, tmp_path: Path, step: int) -> None:
    content, path = long_run.read_bytes(), tmp_path / "run.wandb"
    reader, rows = HistoryReader(path), list[LogRow]()
    with path.open("wb", buffering=0) as file:
        for at in range(0, len(content), step):
            file.write(content[at : at + step])
            rows += reader.read()
    assert [row.metrics["i"] for row in rows] == list(range(2000))
    assert (reader.exit_code, reader.damaged) == (0, 0)
    assert reader.left_out == {"text": "text"}


def test_damage_costs_a_block_and_no_more(long_run: Path, tmp_path: Path) -> None:
    content = bytearray(long_run.read_bytes())
    content[3 * BLOCK + 1000] ^= 0x10
    path = tmp_path / "run.wandb"
    path.write_bytes(content)
    reader = HistoryReader(path)
    seen = [int(row.metrics["i"]) for row in reader.read()]
    assert reader.damaged == 1
    assert reader.exit_code == 0
    assert 1800 < len(seen) < 2000
    assert seen == sorted(set(seen))


def test_the_schema_is_that_of_wandb() -> None:
    theirs = wandb_internal_pb2.DESCRIPTOR.message_types_by_name
    kinds = {3: "int64", 5: "int32", 8: "bool", 9: "string", 18: "sint64", 1: "double"}
    for message, fields in MESSAGES.items():
        for name, (number, kind) in fields.items():
            field = theirs[message].fields_by_name[name]
            its = field.message_type.name if field.message_type else kinds[field.type]
            assert field.number == number
            assert its.replace("Summary", "Config") == kind.removesuffix("[]")
            assert field.is_repeated == kind.endswith("[]")


def test_reading_is_linear(long_run: Path, tmp_path: Path) -> None:
    """A file that has grown ten times as long costs about ten times as much, not a hundred."""
    content, path = long_run.read_bytes(), tmp_path / "run.wandb"
    costs = []
    for part in (10, 1):
        reader, begin = HistoryReader(path), time.process_time()
        path.write_bytes(b"")
        with path.open("wb", buffering=0) as file:
            for at in range(0, len(content) // part, 1000):
                file.write(content[at : at + 1000])
                reader.read()
        costs.append(time.process_time() - begin)
    assert costs[1] < 30 * costs[0]
