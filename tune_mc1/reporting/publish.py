"""Result tables for a repository: small, and without host names, paths and images."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tune_mc1.config.load import config_to_yaml
from tune_mc1.config.module_sweep import ModuleSweep
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.files import replacing
from tune_mc1.reporting.frames import SweepFrames
from tune_mc1.results.directory import ResultDir

PRIVATE = ("node", "error")
"""Columns that may name a machine or a path."""
KEPT_FACTS = (
    "command",
    "started",
    "tune_mc1",
    "git_commit",
    "python",
    "packages",
    "plugins",
    "processor",
    "cores",
    "memory_bytes",
)


def publish(frames: SweepFrames, folder: Path) -> ResultDir:
    """Writes a sweep's tables to a folder, which then is a result directory too.

    Args:
        frames: The sweep.
        folder: Where they go; created if missing.

    Returns:
        The new directory: its tables as parquet, the sweep file, provenance.
    """
    folder.mkdir(parents=True, exist_ok=True)
    there = ResultDir(folder)
    source = frames.where
    tables = source.read()
    tables.trials = {i: row | dict.fromkeys(PRIVATE) for i, row in tables.trials.items()}
    there.write_tables(tables, 0)
    for old, new in ((source.settings, there.settings), (source.predictions, there.predictions)):
        if old.exists():
            _copy(pq.read_table(old), new)
    made = {name: frames.provenance[name] for name in KEPT_FACTS if name in frames.provenance}
    made["command"] = _without_paths(made.get("command", []))
    with replacing(there.provenance) as aside:
        aside.write_text(json.dumps(made, indent=2) + "\n")
    sweep = frames.sweep
    if isinstance(sweep, ProgramSweep):
        places = {"import_from": (".",)} if isinstance(sweep, ModuleSweep) else {}
        sweep = sweep.model_copy(update={"directory": ".", **places})
    with replacing(there.sweep_file) as aside:
        aside.write_text(config_to_yaml(sweep))
    return there


def _copy(table: pa.Table, path: Path) -> None:
    with replacing(path) as aside:
        pq.write_table(table, aside, compression="zstd")


def _without_paths(words: list[str]) -> list[str]:
    """A command without options that name a place of one machine."""
    kept: list[str] = []
    skip = False
    if words and Path(words[0]).name == "__main__.py":
        words = ["python", "-m", "tune_mc1", *words[1:]]
    for word in words:
        if skip:
            skip = False
        elif word in ("-o", "--output"):
            skip = True
        else:
            kept.append(Path(word).name if Path(word).is_absolute() else word)
    return kept
