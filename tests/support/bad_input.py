"""Runs the command line in this process and gives what it said, for tables of bad input."""

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tune_mc1.cli.app import main

FORMS = "auto, torchvision:NAME, a CSV file, a folder, an .npz file or a parquet file, got"
"""What `data:` can be besides the names of fixed data sets."""

PARAMETERS = "parameters:\n  learning_rate: {values: [0.01, 0.03]}\n"


@dataclass
class CommandLine:
    """The command line in a directory of its own.

    Attributes:
        here: The directory, which is the working directory.
    """

    here: Path
    _monkeypatch: pytest.MonkeyPatch
    _capture: pytest.CaptureFixture[str]

    def __call__(self, *words: str | Path) -> tuple[int, list[str]]:
        """Exit status, and lines on standard error, with `HERE` for the directory."""
        self._monkeypatch.setattr(sys, "argv", ["tune_mc1", *map(str, words)])
        self._capture.readouterr()
        with pytest.raises(SystemExit) as caught:
            main()
        errors = self._capture.readouterr().err.replace(str(self.here), "HERE")
        assert isinstance(caught.value.code, int)
        return caught.value.code, errors.splitlines()

    def refuses(self, *words: str | Path, message: str, status: int = 2) -> None:
        """Checks that bad input has this one line, and that nothing was started or written."""
        before = sorted(self.here.rglob("*")), _ray_runs()
        assert self(*words) == (status, [message])
        assert (sorted(self.here.rglob("*")), _ray_runs()) == before


def _ray_runs() -> bool:
    """Ray in this process: started by an earlier test, if at all."""
    ray = sys.modules.get("ray")
    return ray is not None and ray.is_initialized()
