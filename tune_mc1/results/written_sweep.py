"""The sweep of a result directory, by its file, and the plugins that it lacks here."""

import json
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from tune_mc1.errors import InputError
from tune_mc1.registry import GROUP
from tune_mc1.results.directory import ResultDir

if TYPE_CHECKING:
    from tune_mc1.config.sweep import Sweep


def written_sweep(where: ResultDir, text: str | None = None) -> "Sweep":
    """The sweep of a result directory.

    Args:
        where: The directory.
        text: Content to read in place of the file's.

    Raises:
        InputError: If it is not valid here; one line names the packages that are missing.
    """
    from tune_mc1.config.load import load_sweep

    try:
        return load_sweep(where.sweep_file, text=text).sweep
    except InputError as error:
        raise lacking(where, error) from None


def lacking(where: ResultDir, error: InputError) -> InputError:
    """An error of what a result directory names, with the packages that are missing here.

    Args:
        where: The directory.
        error: What is not known here.

    Returns:
        An error of one line; `error` itself if no plugin is missing.
    """
    missing = missing_plugins(where)
    if not missing:
        return error
    names = " and ".join(f"{name} of {package}" for name, package in missing.items())
    plugins, are = ("plugin", "is") if len(missing) == 1 else ("plugins", "are")
    more = len(error.problems) - 1
    first = error.problems[0] + (f"; and {more} more" if more else "")
    return InputError(
        f"{where.root}: ran with the {plugins} {names}, which {are} not installed here ({first})"
    )


def missing_plugins(where: ResultDir) -> Mapping[str, str]:
    """Plugins of the process that ran a sweep which are not installed here.

    Args:
        where: The result directory; of before plugins were noted, it has none.

    Returns:
        Package and version by the name of the plugin.
    """
    try:
        found = json.loads(where.provenance.read_text(encoding="utf-8"))
        runs = [found, *found.get("resumed", ())]
        noted = {name: package for run in runs for name, package in run.get("plugins", {}).items()}
    except (OSError, ValueError, AttributeError):  # damaged, but only informative
        return {}
    here = {point.name for point in entry_points(group=GROUP)}
    return {name: str(package) for name, package in noted.items() if name not in here}
