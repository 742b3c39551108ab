"""Names of Ray that are not part of its documented API, used where it sends a directory."""

import json
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from tune_mc1.private_names import PrivateName


def _name(path: str, purpose: str, without: str) -> PrivateName:
    return PrivateName(path, purpose, "seen in Ray 2.60", without)


_UNKNOWN = "a notice does not say how many files are sent, and Ray itself reports a limit"
TRAVEL = _name(
    "ray._private.runtime_env.packaging:_dir_travel",
    "visits the files of a directory that Ray sends, by its ignore files",
    _UNKNOWN,
)
EXCLUDES = _name(
    "ray._private.runtime_env.packaging:_get_excludes",
    "leaves out what Ray is told to leave out",
    _UNKNOWN,
)
DEFAULTS = _name(
    "ray._private.ray_constants:get_runtime_env_default_excludes",
    "leaves out what Ray leaves out by itself",
    "the number of sent files includes the environment and caches",
)
LIMIT = _name(
    "ray._private.runtime_env.packaging:GCS_STORAGE_MAX_SIZE",
    "the size limit of a directory that Ray sends to a cluster",
    "512 MiB is assumed",
)
HTTP_LIMIT = _name(
    "ray._private.ray_constants:DASHBOARD_CLIENT_MAX_SIZE",
    "the size limit of a job's directory",
    "100 MiB is assumed",
)
IGNORE_GITIGNORE = _name(
    "ray._private.ray_constants:RAY_RUNTIME_ENV_IGNORE_GITIGNORE",
    "the variable that keeps Ray from reading .gitignore",
    ".gitignore is always read for the number of sent files",
)
JOB_CONFIG = _name(
    "ray._private.runtime_env.constants:RAY_JOB_CONFIG_JSON_ENV_VAR",
    "the working directory of the job in which a sweep runs",
    "a program's sweep in a Ray job fails, as Ray refuses a second working directory",
)

NAMES = (TRAVEL, EXCLUDES, DEFAULTS, LIMIT, HTTP_LIMIT, IGNORE_GITIGNORE, JOB_CONFIG)
"""Names of Ray's packaging; a test looks for each in the version that is installed."""


def visit_sent_files(folder: Path, excludes: Sequence[str], visit: Callable[[Path], None]) -> bool:
    """Visits the files of a directory that Ray would send.

    Args:
        folder: The directory.
        excludes: Patterns that are left out, as in a runtime environment.
        visit: Called with each path, directories too.

    Returns:
        False if this version of Ray does not tell which files those are.
    """
    travel, leaving_out = TRAVEL.get(), EXCLUDES.get()
    if travel is None or leaving_out is None:
        return False
    own = DEFAULTS.get(lambda: [])()
    named = IGNORE_GITIGNORE.get("")
    excluded = [leaving_out(folder, [*own, *excludes])]
    quiet = logging.getLogger(f"{__name__}.quiet")  # else it lists the ignore files
    quiet.setLevel(logging.ERROR)
    by_git = os.environ.get(named, "0") != "1"
    travel(folder, excluded, visit, include_gitignore=by_git, logger=quiet)
    return True


def size_limit(*, http: bool) -> int:
    """Bytes below which a directory that is sent to a cluster must stay.

    Args:
        http: Whether it is sent to the dashboard, with a job.
    """
    return int(HTTP_LIMIT.get(100 << 20) if http else LIMIT.get(512 << 20))


def job_package() -> str | None:
    """Name of the package that is the working directory of the job in which this process runs.

    Returns:
        The name, also of the directory into which nodes unpack it; None outside of a job, or in one
        without a working directory.
    """
    config = os.environ.get(JOB_CONFIG.get(""), "{}")
    sent = (json.loads(config).get("runtime_env") or {}).get("working_dir")
    return Path(sent).stem if sent else None
