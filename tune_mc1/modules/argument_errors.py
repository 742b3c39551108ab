"""Messages of LightningCLI's parser, which have many lines, in one that says what to change."""

import inspect
import re
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import torch
from lightning.pytorch import callbacks, loggers

from tune_mc1.errors import did_you_mean
from tune_mc1.modules.classes import Classes, signature
from tune_mc1.registry import resolve

_KEY = re.compile(r'Parser key "([^"]+)":\s*(.*)', re.DOTALL)
_CLASS = re.compile(r"Problem with given class_path '([^']+)':\s*([^\n]+)")
_CALLABLE = re.compile(
    r"expects a function or a callable class: ([^\n]*?)(?:\.? Got value: |\n|\Z)"
)
_NO_PATH = re.compile(r"Expected a dot import path string: ([^\n]+)")
_NO_CLASS = re.compile(r"\ANot a valid subclass of (\w+)\. Got value: ([^\n]+)")
_NO_NAME = re.compile(r"module '([^']+)' has no attribute '([^']+)'")
_LACKS = re.compile(r"the following arguments are required: ([^\n]+?)[,\s]*\Z")
_REFUSED = re.compile(r"Option '([^']+)' is not accepted")
_OTHER = re.compile(r"Expected '([^']+)' to be a subclass of <class '([^']+)'>")
_VALUE = re.compile(r"(?:Given value|Got value): (.*)")
_TYPE = re.compile(r"<class '([^']+)'>")
_GIVEN = re.compile(r"class_path='([^']+)'")
_PLACES = (callbacks, loggers, torch.optim, torch.optim.lr_scheduler)
"""Modules whose classes have short names in a sweep file."""


def one_line(text: str, classes: Classes) -> str:
    """A message of the parser in one line.

    Args:
        text: The message.
        classes: The classes that get the arguments.
    """
    found = _KEY.search(text)
    if found is None:
        missing = re.search(r"arguments are required: (\S+?)[,\s]*$", text)
        if missing is None:
            return " ".join(text.split())
        part, _, name = missing[1].partition(".")
        return f"{signature(classes.parts[part])} lacks {name}"
    key, rest = found[1], found[2]
    return f"{key}: {_of_class(rest) or _of_value(rest) or ' '.join(rest.split())[:300]}"


def _of_class(text: str) -> str:
    """What is wrong with a class, or with its arguments; empty if it is about neither."""
    if inner := _CLASS.search(text):
        return _about(inner[1], inner[2].strip())
    if inner := _CALLABLE.search(text):
        given = _GIVEN.search(text) or _VALUE.search(text)
        return _about(given[1].strip() if given else "", inner[1].strip())
    if inner := _NO_PATH.search(text):
        return f"must be a class by its path, got {inner[1]!r}{_similar(inner[1])}"
    if inner := _NO_CLASS.search(text):
        return f"must be a {inner[1]} by the path of its class, got {inner[2].strip()}"
    return ""


def _about(path: str, text: str) -> str:
    """What the parser says of a class, with the names that it has.

    Args:
        path: The class.
        text: The message.
    """
    if missing := _NO_NAME.search(text):
        names = [name for name in vars(_module(missing[1])) if not name.startswith("_")]
        return f"{missing[1]} has no {missing[2]!r}{did_you_mean(missing[2], names)}"
    if other := _OTHER.search(text):
        return f"{other[1]} is no {other[2]}"
    shown = _signature(path)
    if lacks := _LACKS.search(text):
        return f"{shown or path} lacks {lacks[1]}"
    if (refused := _REFUSED.search(text)) and shown:
        return f"{shown} does not take {refused[1]!r}{did_you_mean(refused[1], _names(path))}"
    return f"{path}: {text}{f' ({shown})' if shown else ''}"


def _module(name: str) -> ModuleType:
    """A module that the parser has imported; an empty one if it has not."""
    return sys.modules.get(name, ModuleType(name))


def _similar(name: str) -> str:
    if ":" in name:
        return f", did you mean {name.replace(':', '.')!r}?"
    known = [n for place in _PLACES for n, one in vars(place).items() if isinstance(one, type)]
    return did_you_mean(name, known)


def _of_value(text: str) -> str:
    """Which types a value must have; empty if the message does not say that."""
    expected = list(dict.fromkeys(_expected(text)))
    got = _VALUE.search(text)
    if not expected or not got:
        return ""
    return f"must be {' or '.join(expected)}, got {got[1].strip()[:100]}"


def _expected(text: str) -> Iterator[str]:
    """The types that a message expects, as one writes them."""
    for line in re.findall(r"Expected an? ([^\n]+)", text):
        kind = line.partition(". Got value")[0].strip().rstrip(".")
        if literal := re.fullmatch(r"typing\.Literal\[(.*)\]", kind):
            yield from (word.strip().strip("'") for word in literal[1].split(","))
        elif named := _TYPE.fullmatch(kind):
            yield {"NoneType": "null"}.get(named[1], named[1])
        elif not kind.startswith("path but "):  # it may be that of a file with the value
            yield kind


def _signature(path: str) -> str:
    """A class with its arguments; empty if it cannot be imported."""
    found = _class(path)
    return "" if found is None else signature(found)


def _names(path: str) -> list[str]:
    """Names of the arguments of a class."""
    found = _class(path)
    return [] if found is None else list(inspect.signature(found).parameters)


def _class(path: str) -> Any:
    module, _, name = path.rpartition(".")
    try:
        return resolve(f"{module}:{name}")
    except (ImportError, AttributeError, ValueError):
        return None
