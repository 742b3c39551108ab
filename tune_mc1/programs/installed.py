"""Whether the packages that a sweep file requires are there, where nothing installs them."""

import json
import subprocess
from collections.abc import Mapping, Sequence

from packaging.requirements import InvalidRequirement, Requirement

_ASK = """
import json, sys
from importlib import metadata
found = {}
for name in sys.argv[1:]:
    try:
        found[name] = metadata.version(name)
    except metadata.PackageNotFoundError:
        found[name] = None
print(json.dumps(found))
"""


def missing_packages(
    requirements: Sequence[str], interpreter: str, environment: Mapping[str, str]
) -> dict[str, str]:
    """The requirements that the interpreter of a program does not meet.

    Args:
        requirements: Lines as pip takes them; options and addresses are not checked.
        interpreter: The interpreter.
        environment: Its environment.

    Returns:
        What is there instead, by requirement: `missing`, or another version.

    Raises:
        OSError: The interpreter cannot be started.
    """
    wanted = [needed for line in requirements if (needed := _package(line)) is not None]
    if not wanted:
        return {}
    words = [interpreter, "-c", _ASK, *(needed.name for needed in wanted)]
    done = subprocess.run(
        words,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        return {}  # not Python, so it is not known
    versions: dict[str, str | None] = json.loads(done.stdout)
    return {
        str(needed): "missing" if version is None else f"is {version}"
        for needed in wanted
        if (version := versions[needed.name]) is None
        or not needed.specifier.contains(version, prereleases=True)
    }


def _package(line: str) -> Requirement | None:
    """The package that a line names, if it is to be installed on this platform."""
    try:
        needed = Requirement(line.split(" --", maxsplit=1)[0])
    except InvalidRequirement:
        return None
    return needed if needed.marker is None or needed.marker.evaluate() else None
