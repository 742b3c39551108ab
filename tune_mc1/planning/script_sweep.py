"""Sweep of a script or notebook that starts its own, by `wandb.sweep` and `wandb.agent`."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tune_mc1.config.load import LoadedSweep, load_program_content
from tune_mc1.errors import InputError
from tune_mc1.programs.command import activated
from tune_mc1.programs.script import read_script

SCRIPTS = (".py", ".ipynb")
"""Suffixes of files that are scripts, not sweep files."""


def load_script(
    script: Path, overrides: Sequence[str] = (), arguments: Sequence[str] = ()
) -> LoadedSweep:
    """Runs a script up to `wandb.agent`, and takes what it hands to W&B as a sweep file.

    Args:
        script: A Python script or a notebook.
        overrides: Items `name=value[,value...]`, each of which replaces a parameter.
        arguments: Arguments of the script, the same for each trial.

    Raises:
        InputError: If it starts no sweep, or the sweep is not valid.
    """
    if macros := [word for word in arguments if "${" in word]:
        raise InputError(f"{script}: an argument must not have ${{, as macros do, got {macros[0]}")
    folder = _folder(script)
    try:
        found = read_script(script, folder, arguments, environment=activated())
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror}") from None
    content = dict(found.config)
    if found.command is not None:
        content.pop("program", None)
        content["command"] = list(found.command.words)
    if found.count is not None:
        content.setdefault("run_cap", found.count)
    loaded = load_program_content(script, content, overrides=overrides)
    return replace(loaded, notices=[*found.notices, *loaded.notices])


def _folder(script: Path) -> Path:
    """Directory for what a notebook is converted to, which a resumed sweep runs too."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    name = hashlib.sha256(str(script.absolute()).encode()).hexdigest()[:12]
    return cache / "tune_mc1" / "scripts" / name
