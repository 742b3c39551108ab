"""Names of other libraries that their documentation does not promise: listed, and still there."""

import ast
import logging
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from tune_mc1.files import PACKAGE
from tune_mc1.private_names import PrivateName

FILES = sorted(PACKAGE.rglob("*_private.py"))
OTHERS = sorted(set(PACKAGE.rglob("*.py")) - set(FILES))


def names() -> Iterator[PrivateName]:
    for file in FILES:
        module = ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts)
        yield from import_module(module).NAMES


@pytest.mark.parametrize("name", list(names()), ids=lambda name: name.path)
def test_the_installed_version_has_it(name: PrivateName) -> None:
    assert name.exists(), str(name)


def test_each_wing_lists_what_it_uses() -> None:
    assert len(list(names())) >= 30
    assert {file.name for file in FILES} >= {
        "lightning_private.py",
        "ray_private.py",
        "torch_private.py",
        "wandb_private.py",
    }


def private(tree: ast.AST) -> Iterator[str]:
    """Names that begin with an underscore and belong to something that is not ours."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            if not (isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}):
                yield ast.unparse(node)
        elif isinstance(node, ast.ImportFrom) and not (node.module or "").startswith("tune_mc1"):
            words = (node.module or "").split(".") + [alias.name for alias in node.names]
            yield from (ast.unparse(node) for word in words if is_private(word))
        elif isinstance(node, ast.Import):
            words = [word for alias in node.names for word in alias.name.split(".")]
            yield from (ast.unparse(node) for word in words if is_private(word))


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


@pytest.mark.parametrize("file", OTHERS, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_no_other_file_uses_one(file: Path) -> None:
    found = set(private(ast.parse(file.read_text()))) - {"os._exit"}  # which is documented
    assert not found, f"belongs into a file *_private.py: {sorted(found)}"


def test_a_use_is_seen() -> None:
    code = "import ray._private\nfrom torch import _foreach_add\nray._private.worker\nself._mine"
    assert len(list(private(ast.parse(code)))) == 3


@pytest.mark.parametrize(
    "path",
    [
        "json:_no_such",
        "no_such_module:x",
        "json:JSONEncoder._no_such",
        "json:dumps(no_such)",
        'json "no such text"',
        'no_such.module "text"',
    ],
)
def test_a_name_that_is_gone_costs_its_fallback_and_one_line(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    name = PrivateName(path, "a purpose", "json 1", "it is slower")
    with caplog.at_level(logging.WARNING):
        assert [name.get(7), name.get(8), name.usable()] == [7, 8, False]
        name.replace(print)
    (record,) = caplog.records
    assert record.getMessage() == f"{path} (json 1; a purpose) is missing: it is slower"


@pytest.mark.parametrize(
    ("path", "gives"),
    [
        ("json.decoder:JSONDecoder.decode", True),
        ("json.decoder:JSONDecoder.scan_once", False),  # set by __init__
        ("json:dumps(indent)", True),
        ('json "JSONEncoder"', False),
    ],
)
def test_a_name_that_is_there_is_found(path: str, gives: bool) -> None:
    name = PrivateName(path, "", "", "")
    assert name.usable()
    assert (name.get() is not None) == gives
