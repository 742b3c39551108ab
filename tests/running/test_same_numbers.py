"""Sweeps give the numbers that they gave before the package was rebuilt, to the last bit."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.in_process import connected, run_here, sweep_here
from tests.support.same_numbers import (
    RECORDED,
    check_same,
    fingerprint,
    numbers,
    recorded,
    write_tiny_images,
)
from tune_mc1.results.directory import ResultDir

ONE = ("--max-concurrent", "1", "--wandb", "disabled")


@pytest.fixture(scope="module")
def before() -> dict[str, Any]:
    return recorded()


@pytest.fixture(scope="module")
def exactly(before: dict[str, Any]) -> bool:
    """Whether this machine rounds as the one did on which the numbers were recorded."""
    return bool(fingerprint() == before["fingerprint"])


@pytest.mark.parametrize("command", ["asha", "grid"])
def test_rows_and_decisions_are_those_of_before(
    tmp_path: Path, before: dict[str, Any], exactly: bool, command: str
) -> None:
    content = yaml.safe_load((RECORDED / f"{command}.yaml").read_text())
    ran = sweep_here(tmp_path, content, command, *ONE)
    assert ran.status == 0, ran.err
    check_same(numbers(ran.root), before[command], exactly=exactly)


def test_a_directory_of_before_is_read_and_its_sweep_goes_on(
    tmp_path: Path, before: dict[str, Any], exactly: bool
) -> None:
    root = tmp_path / "results" / "interrupted"
    shutil.copytree(RECORDED / "interrupted", root)
    states = [row["state"] for row in ResultDir(root).read().trials.values()]
    assert states == ["completed", "interrupted", "pending"]
    shown = run_here("show", root, cwd=tmp_path)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "interrupted" in shown.stdout
    listed = run_here("list", root.parent, cwd=tmp_path)
    assert (listed.returncode, "interrupted" in listed.stdout) == (0, True)

    write_tiny_images(tmp_path / "tiny")
    connected()
    words = ("--resume", root, "--data", tmp_path / "tiny", *ONE)
    done = run_here("sweep", "grid", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 of 3 trials have already ended" in done.stderr
    check_same(numbers(root), before["interrupted"], exactly=exactly)


def test_a_changed_number_is_seen(before: dict[str, Any]) -> None:
    """The comparison itself, in both of its ways."""
    for exactly, change in ((True, 1e-15), (False, 0.2)):
        changed = recorded()["asha"]
        check_same(changed, before["asha"], exactly=exactly)
        changed["history"][5]["val_loss"] *= 1 + change
        with pytest.raises(AssertionError):
            check_same(changed, before["asha"], exactly=exactly)
