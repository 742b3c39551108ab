"""`requirements` of a sweep file with a program: packages, as in pip's requirements files."""

from pathlib import Path
from typing import Any

from tune_mc1.config.problems import Problem

_INCLUDE = ("-r", "--requirement")
_LOCAL = ("-e", "--editable", "-c", "--constraint")


def read_requirements(raw: Any, directory: Path) -> tuple[list[str], list[Problem]]:
    """Reads the value of `requirements`.

    Args:
        raw: A list of packages, or the path of a requirements file.
        directory: Directory from which paths are given.

    Returns:
        Lines as pip takes them, and problems; files that a line includes with `-r` are read.
    """
    found: list[str] = []
    problems: list[Problem] = []
    path = ("requirements",)
    if isinstance(raw, str) and raw.strip():
        _read_file(directory / raw, found, problems, set())
    elif isinstance(raw, list) and all(isinstance(line, str) for line in raw):
        for line in raw:
            _read_line(line, directory, found, problems, set())
    else:
        rule = "must be a list of packages, or the path of a requirements.txt"
        problems.append(Problem(path, rule, raw))
    if not found and not problems:
        problems.append(Problem(path, "must name at least one package", raw))
    return found, problems


def _read_file(file: Path, found: list[str], problems: list[Problem], above: set[Path]) -> None:
    if file in above:
        return
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is not UTF-8"
        problems.append(Problem(("requirements",), f"cannot be read: {reason}", str(file)))
        return
    for line in text.replace("\\\n", " ").splitlines():
        _read_line(line, file.parent, found, problems, {*above, file})


def _read_line(
    line: str, folder: Path, found: list[str], problems: list[Problem], above: set[Path]
) -> None:
    text = line.split(" #", maxsplit=1)[0].strip()
    if not text or text.startswith("#"):
        return
    option, _, value = text.replace("=", " ", 1).partition(" ")
    if option in _INCLUDE:
        _read_file(folder / value.strip(), found, problems, above)
    elif option in _LOCAL or text.startswith((".", "/")) or "file:" in text:
        rule = "must be a package that every node can get, not a file of this machine"
        problems.append(Problem(("requirements",), rule, text))
    elif text.startswith("-") or "://" in text or _is_package(text):
        found.append(text)
    else:
        rule = "must be a package as pip takes it, such as timm>=1.0"
        problems.append(Problem(("requirements",), rule, text))


def _is_package(text: str) -> bool:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        Requirement(text.split(" --", maxsplit=1)[0])
    except InvalidRequirement:
        return False
    return True
