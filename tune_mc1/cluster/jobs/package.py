"""Working directory of a job: this package, as installed here, and the sweep file."""

import shutil
from pathlib import Path

from tune_mc1.cluster.jobs.job_command import FILES, PROGRAM
from tune_mc1.files import INSTALLED_CONFIGS, PACKAGE, shipped, utf8
from tune_mc1.results.provenance import COMMIT, git_commit


def pack(folder: Path, file: Path | None, directory: Path | None = None) -> None:
    """Fills the working directory of a job.

    Ray puts it first on the module path of the driver and of every trial's process, so that they
    run this version, whichever is installed on the cluster.

    Args:
        folder: An empty directory.
        file: The sweep file, or None.
        directory: The directory of a program; Ray follows the link, and leaves out what the
            directory's own ignore files name.
    """
    package = folder / PACKAGE.name
    sources = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PACKAGE, package, ignore=sources)
    if configs := shipped("."):  # of a checkout, or part of the package already
        shutil.copytree(configs, package / INSTALLED_CONFIGS, dirs_exist_ok=True, ignore=sources)
    if commit := git_commit():
        (package / COMMIT).write_text(commit)
    if directory is not None:
        (folder / PROGRAM).symlink_to(directory, target_is_directory=True)
    if file is not None:
        (folder / FILES).mkdir()
        shutil.copy(file, folder / FILES / utf8(file.name))
