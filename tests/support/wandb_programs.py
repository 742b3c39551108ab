"""Programs that log to W&B, run for real, offline, in a directory of their own."""

import os
import subprocess
import sys
from pathlib import Path


def run_offline(folder: Path, code: str, **environment: str) -> list[Path]:
    """Runs a program to its end.

    Args:
        folder: Working directory, and where W&B writes.
        code: The program's text.
        **environment: Environment variables in addition.

    Returns:
        The files of its runs, in the order in which they began.
    """
    folder.mkdir(parents=True, exist_ok=True)
    offline = {"WANDB_MODE": "offline", "WANDB_SILENT": "true", "WANDB_DIR": str(folder)}
    env = os.environ | offline | environment
    subprocess.run([sys.executable, "-c", code], cwd=folder, env=env, check=True)
    files = folder.glob("wandb/*run-*/*.wandb")
    return sorted((f for f in files if not f.parent.is_symlink()), key=lambda f: f.stat().st_ctime)
