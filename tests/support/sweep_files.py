"""Writing a sweep file and reading it back, for the tests of sweep files."""

from pathlib import Path

import pytest

from tune_mc1.config.load import LoadedSweep, load_sweep
from tune_mc1.config.method import resolve_method
from tune_mc1.config.sweep import Sweep
from tune_mc1.errors import InputError

BASE = "method: grid\nparameters:\n  learning_rate: {values: [0.01, 0.03]}\n"


def load(file: Path, text: str | bytes, *overrides: str) -> LoadedSweep:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_sweep(file, overrides=overrides)


def mistakes(file: Path, text: str | bytes, *overrides: str) -> list[str]:
    """The messages, each without the name of the directory."""
    with pytest.raises(InputError) as caught:
        load(file, text, *overrides)
    for line in caught.value.problems:
        assert "\n" not in line
    return [line.removeprefix(f"{file.parent}/") for line in caught.value.problems]


def resolved(folder: Path, text: str, command: str = "random") -> tuple[Sweep, list[str]]:
    """A sweep file as a command takes it, with its notices."""
    return resolve_method(load(folder / "s.yaml", text).sweep, command)
