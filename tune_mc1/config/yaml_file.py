"""Bounded and strict reader for untrusted YAML files, with line numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tune_mc1.config.problems import Path as KeyPath
from tune_mc1.config.problems import Problem
from tune_mc1.errors import InputError

MAX_BYTES = 256 * 1024
MAX_NODES = 50_000
MAX_DEPTH = 40
"""More than any sweep file needs; they limit the cost of aliases and nesting."""

_STRING = "tag:yaml.org,2002:str"
_MERGE = "tag:yaml.org,2002:merge"
_MISFITS = (LookupError, AttributeError, TypeError)
"""Errors of PyYAML for a value that does not fit its tag: `!!bool ''` or `!!timestamp x`."""


@dataclass(frozen=True)
class YamlFile:
    """Content of a YAML file, with the line of every value.

    Attributes:
        path: The file.
        content: Its mapping, as plain Python objects.
        lines: Line of every key and list item, from 1.
        problems: Mistakes that do not prevent reading the rest, such as duplicate keys.
    """

    path: Path
    content: dict[str, Any]
    lines: dict[KeyPath, int]
    problems: list[Problem]

    def line(self, path: KeyPath) -> int:
        """Line of a value, or of the nearest existing parent; 0 if that is the whole file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 0)

    def message(self, problem: Problem) -> str:
        """One line for the user, `file:line: path.to.field: rule, got value`."""
        line = self.line(problem.path)
        return f"{self.path}{f':{line}' if line else ''}: {problem}"


def read_yaml(path: Path, text: str | None = None) -> YamlFile:
    """Reads a file that contains one YAML mapping.

    Args:
        path: The file.
        text: Content to read in its place; None reads the file.

    Raises:
        InputError: If it cannot be read, is not valid YAML, or does not contain a mapping.
    """
    return _parse(path, lambda text: [yaml.compose(text, Loader=yaml.SafeLoader)], text)[0]


def read_documents(path: Path) -> list[YamlFile]:
    """Reads a file that contains one or more YAML mappings, such as Kubernetes manifests.

    Args:
        path: The file.

    Raises:
        InputError: As in `read_yaml`.
    """
    return _parse(path, lambda text: list(yaml.compose_all(text, Loader=yaml.SafeLoader)))


def _parse(
    path: Path,
    compose: Callable[[str], Sequence[yaml.Node | None]],
    content: str | None = None,
) -> list[YamlFile]:
    text = _read_text(path) if content is None else content
    try:
        roots = [root for root in compose(text) if root is not None]
        if not roots:
            raise InputError(f"{path}: is empty, must contain a mapping of keys to values")
        return [_document(path, root) for root in roots]
    except yaml.MarkedYAMLError as error:
        raise InputError(_syntax_message(path, error)) from None
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise InputError(
            f"{path}:{line}: must be text, got the character {chr(error.character)!r}"
        ) from None
    except (yaml.YAMLError, ValueError) as error:
        # A scalar that looks like a date or number but is not valid raises a ValueError.
        reason = " ".join(str(error).partition(";")[0].split())
        raise InputError(f"{path}: is not valid YAML: {reason}") from None
    except RecursionError:
        raise InputError(f"{path}: is nested too deeply") from None


def _document(path: Path, root: yaml.Node) -> YamlFile:
    if not isinstance(root, yaml.MappingNode):
        raise InputError(f"{path}: must contain a mapping of keys to values, got other content")
    visitor = _Visitor(path)
    visitor.visit(root, ())
    return YamlFile(path, _construct(root), visitor.lines, visitor.problems)


def read_scalar(text: str) -> Any:
    """Parses one YAML scalar, such as `0.03`, `true` or `kaiming_normal`.

    Raises:
        ValueError: If the text is not a scalar.
    """
    try:
        value = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, *_MISFITS):
        raise ValueError("must be a number or a word") from None
    if isinstance(value, dict | list):
        raise ValueError("must be a number or a word")  # noqa: TRY004  one error for all
    return value


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise InputError(f"{path}: must be a YAML file, got a directory") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: cannot be read: {reason}") from None
    if len(raw) > MAX_BYTES:
        raise InputError(f"{path}: must be at most {MAX_BYTES // 1024} KiB, which no sweep exceeds")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InputError(
            f"{path}:{line}: must be UTF-8 text, got byte {raw[error.start]:#04x}"
        ) from None


def _construct(root: yaml.MappingNode) -> dict[str, Any]:
    loader = yaml.SafeLoader("")
    try:
        content: dict[str, Any] = loader.construct_document(root)
    except _MISFITS as error:
        raise yaml.YAMLError("a value does not fit its tag, such as !!bool or !!int") from error
    finally:
        loader.dispose()
    return content


def _syntax_message(path: Path, error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    line = f":{mark.line + 1}" if mark else ""
    hint = " (indent with spaces)" if "\\t" in str(error.problem) else ""
    return f"{path}{line}: is not valid YAML: {error.problem or error.context}{hint}"


class _Visitor:
    """Visits every node once per occurrence; aliases make a node occur more than once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: dict[KeyPath, int] = {}
        self.problems: list[Problem] = []
        self._count = 0

    def visit(self, node: yaml.Node, where: KeyPath) -> None:
        self._count += 1
        if len(where) > MAX_DEPTH:
            raise self._error(node, f"must be nested at most {MAX_DEPTH} levels deep")
        if self._count > MAX_NODES:
            raise self._error(node, f"must have at most {MAX_NODES} values, aliases expanded")
        if isinstance(node, yaml.MappingNode):
            self._visit_mapping(node, where)
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self.lines[(*where, index)] = _line(item)
                self.visit(item, (*where, index))

    def _error(self, node: yaml.Node, rule: str) -> InputError:
        return InputError(f"{self.path}:{_line(node)}: {rule}")

    def _visit_mapping(self, node: yaml.MappingNode, where: KeyPath) -> None:
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = _line(key)
            if not isinstance(key, yaml.ScalarNode) or key.tag not in (_STRING, _MERGE):
                got = key.value if isinstance(key, yaml.ScalarNode) else f"a {key.id}"
                raise self._error(
                    key,
                    f"a key must be text, got {got} (put it in quotes; YAML reads yes, no, on and "
                    "off as booleans)",
                )
            if key.tag == _MERGE:
                self.visit(value, (*where, key.value))
                continue
            if key.value in seen:
                rule = f"the key is given twice, on lines {seen[key.value]} and {line}"
                self.problems.append(Problem((*where, key.value), rule))
            seen[key.value] = line
            self.lines[(*where, key.value)] = line
            self.visit(value, (*where, key.value))


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
