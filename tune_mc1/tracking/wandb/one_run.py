"""Opening and finishing of a W&B run."""

import os
import re
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import wandb

from tune_mc1.results.directory import ResultDir
from tune_mc1.results.trial_events import TrialEvent
from tune_mc1.tracking.wandb.offline_file import is_whole
from tune_mc1.tracking.wandb.wandb_private import experimental_settings

PROJECT = "tune_mc1"
"""Project of a sweep that does not name one."""

LONGEST_TAG = 64
"""Letters of a tag that W&B takes."""

SERVER_TIMEOUT_S = 30
WRITE_TIMEOUT_S = 20.0  # the process has low priority and may wait for a CPU


def run_id(where: ResultDir, metadata: Mapping[str, Any], trial: str) -> str:
    """W&B id of a trial's run, always the same, so that a later upload finds the run.

    Args:
        where: The sweep's directory; its name is part of the ids of sweeps of earlier versions.
        metadata: Metadata of the sweep (`SweepTables.metadata`).
        trial: The trial's id.
    """
    first = metadata.get("id") or where.root.name
    return re.sub(r"[^A-Za-z0-9_.-]", "_", f"{first}-{trial}")


def server_timeout() -> float:
    """Seconds to wait for a response of the server."""
    return float(os.environ.get("WANDB_INIT_TIMEOUT", SERVER_TIMEOUT_S))


def open_run(
    where: ResultDir,
    plan: TrialEvent,
    name: str,
    metadata: dict[str, Any],
    mode: Literal["online", "offline"],
    *,
    directory: Path | None = None,
) -> wandb.Run:
    """Opens the run of a trial. Online, a run that the server already has is resumed.

    Args:
        where: The sweep's directory.
        plan: The trial's event `trial`.
        name: Display name.
        metadata: Metadata of the sweep (`SweepTables.metadata`).
        mode: Whether it is uploaded immediately.
        directory: Parent of W&B's folder; by default the sweep's directory.

    Raises:
        wandb.Error: If the server fails, or the files cannot be written.
    """
    config = plan["config"] | {k: plan[k] for k in ("trial", "fold", "config_hash")}
    return wandb.init(
        project=metadata.get("project") or PROJECT,
        entity=metadata.get("entity"),
        dir=directory or where.root,
        id=run_id(where, metadata, plan["trial"]),
        name=name,
        notes=metadata.get("description"),
        group=(metadata.get("group") or where.root.name)[:128],
        job_type="trial",
        tags=tags(metadata),
        config=config | {k: metadata.get(k) for k in ("data", "fingerprint")},
        mode=mode,
        reinit="create_new",
        resume="allow" if mode == "online" else None,
        settings=_settings(),
    )


def tags(metadata: Mapping[str, Any]) -> list[str]:
    """Tags of a sweep's runs: its name, its method and its data or program, by which to filter.

    Args:
        metadata: Metadata of the sweep (`SweepTables.metadata`).
    """
    what = Path(str(metadata.get("program") or metadata.get("data") or "")).name
    found = (metadata.get("name"), metadata.get("method"), what)
    return list(dict.fromkeys(str(tag)[:LONGEST_TAG] for tag in found if tag))


def finish_run(run: wandb.Run, code: int) -> str:
    """Finishes a run. The file of an offline run replaces those of earlier attempts.

    Args:
        run: The run.
        code: Its exit code; 0 is success.

    Returns:
        Its mode, `online` or `offline`.

    Raises:
        TimeoutError: If the upload did not finish within the timeout of the settings.
        OSError: If its offline file is incomplete.
    """
    offline, folder = run.offline, Path(run.dir).parent
    run.finish(exit_code=code)
    if not offline:
        return "online"
    file = folder / f"run-{run.id}.wandb"
    deadline = time.monotonic() + WRITE_TIMEOUT_S
    while not is_whole(file):  # W&B writes the end after `finish` has returned
        if time.monotonic() > deadline:
            raise OSError(f"{file}: cut short; is the disk full?")
        time.sleep(0.02)
    for other in folder.parent.glob(f"*/{file.name}"):
        if other != file:  # the new file includes all its data
            shutil.rmtree(other.parent)
    return "offline"


def _settings() -> wandb.Settings:
    return wandb.Settings(
        console="off",
        silent=True,
        disable_code=True,
        disable_git=True,
        disable_job_creation=True,
        save_code=False,
        symlink=False,  # `latest-run` makes a recursive search find a file twice
        init_timeout=server_timeout(),
        finish_timeout=float(os.environ.get("WANDB_FINISH_TIMEOUT", SERVER_TIMEOUT_S)),
        finish_timeout_raises=True,
        **experimental_settings(),
    )
