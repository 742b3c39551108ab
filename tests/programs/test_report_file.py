"""`tune_mc1.report`, as programs without W&B use it."""

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import tune_mc1
from tune_mc1.programs.report_file import REPORT, ReportReader

Fixture = tuple[Path, ReportReader]


@pytest.fixture
def trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fixture:
    path = tmp_path / "report.jsonl"
    monkeypatch.setenv(REPORT, str(path))
    return path, ReportReader(path)


def test_rows_come_back(trial: Fixture) -> None:
    _, reader = trial
    assert reader.read() == []
    tune_mc1.report({"val/acc": 0.5, "loss": math.nan, "done": True, "n": {"x": 1}}, step=3)
    tune_mc1.report({"np": np.float32(0.5), "t": torch.tensor(2), "word": "x", "list": [1]})
    first, second = reader.read()
    assert math.isnan(first.metrics.pop("loss"))
    assert first.metrics == {"val/acc": 0.5, "done": 1.0, "n.x": 1.0}
    assert first.step == 3
    assert (second.metrics, second.step) == ({"np": 0.5, "t": 2.0}, None)
    assert second.timestamp is not None
    assert first.timestamp is not None
    assert second.timestamp >= first.timestamp > 1.6e9
    assert reader.left_out == {"word": "text", "list": "list"}
    assert reader.read() == []


def test_half_a_line_waits_and_foreign_lines_are_skipped(trial: Fixture) -> None:
    path, reader = trial
    tune_mc1.report({"a": 1})
    tune_mc1.report({"a": 2})
    content, rows = path.read_bytes(), []
    path.write_bytes(b"not json\n[1]\n{}\n")
    for at in range(len(content)):
        with path.open("ab") as file:
            file.write(content[at : at + 1])
        rows += reader.read()
    assert [row.metrics["a"] for row in rows] == [1, 2]


@pytest.mark.parametrize(
    ("metrics", "error"),
    [
        (0.5, "metrics must be a dict such as {'val_acc': 0.9}, got 0.5"),
        ({"a": {1, 2}}, "a metric must be a number, got {1, 2}"),
    ],
)
def test_mistakes_show_outside_of_a_sweep_too(metrics: Any, error: str) -> None:
    with pytest.raises(TypeError) as raised:
        tune_mc1.report(metrics)
    assert str(raised.value) == error


def test_outside_of_a_sweep_nothing_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(REPORT, raising=False)
    monkeypatch.chdir(tmp_path)
    tune_mc1.report({"a": 1}, step=2)
    assert list(tmp_path.iterdir()) == []


def test_several_processes_report_whole_lines(trial: Fixture) -> None:
    path, reader = trial
    code = "import tune_mc1\nfor i in range(300): tune_mc1.report({'a': i, 'pad': 'x' * 2000})"
    running = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert len(reader.read()) == 900
    assert all(json.loads(line) for line in path.read_text().splitlines())


def test_it_imports_little() -> None:
    code = "import sys, tune_mc1; tune_mc1.report({'a': 1}); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"yaml", "numpy", "google.protobuf", "pydantic", "ray"} & set(done.stdout.split())


def test_no_other_name_is_made_up() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'reports'"):
        _ = tune_mc1.reports
