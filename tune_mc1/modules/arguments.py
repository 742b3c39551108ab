"""Arguments of a trial in LightningCLI's form: checked, converted, and objects made of them."""

import re
from argparse import SUPPRESS
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any

from lightning.pytorch import LightningDataModule, LightningModule

from tune_mc1.config.keywords import keywords_of
from tune_mc1.modules.classes import Classes, Factory, signature
from tune_mc1.modules.routes import arguments_of
from tune_mc1.registry import resolve

_KEY = re.compile(r'Parser key "([^"]+)":\s*(.*)', re.DOTALL)
_CLASS = re.compile(r"Problem with given class_path '([^']+)':\s*([^\n]+)")
_TYPE = re.compile(r"<class '([^']+)'>")
_NUMBERS = count(1)


class ArgumentError(ValueError):
    """An argument is unknown, missing or of a wrong type; the text is one line."""


@dataclass(frozen=True)
class Made:
    """What a trial is made of.

    Attributes:
        module: The LightningModule.
        datamodule: The LightningDataModule; None if there is none.
        trainer: Arguments of the Trainer, whose callbacks, loggers and so on are objects.
        given: The arguments of which they are made, from `Arguments.parse`.
    """

    module: Any
    datamodule: Any
    trainer: dict[str, Any]
    given: Any


class Arguments:
    """Parser of the arguments of a sweep's classes; one serves all trials of a process.

    Args:
        classes: The classes.
        trainer: The sweep file's `trainer`.
    """

    def __init__(self, classes: Classes, trainer: Mapping[str, Any]) -> None:
        from lightning.pytorch.cli import LightningArgumentParser

        self.classes = classes
        self._trainer = dict(trainer)
        self._parser = LightningArgumentParser(exit_on_error=False)
        self._added: set[tuple[str, str]] = set()
        self.takes: dict[str, list[str]] = {}
        """Names of the arguments of each part."""
        self.anything: list[str] = []
        """Parts whose constructor takes any other name too, by its `**kwargs`."""
        for part, one in classes.parts.items():
            names = self._parser.add_lightning_class_args(_as_class(one, part), part)
            self.takes[part] = [name.removeprefix(f"{part}.") for name in names]
            if part != "trainer":
                self._add_keywords(one, part)

    def parse(self, values: Mapping[str, Any], fixed: Mapping[str, Any] | None = None) -> Any:
        """The arguments of a trial, each of its declared type.

        Args:
            values: Parameters of the trial.
            fixed: Arguments of the trainer that replace the sweep file's.

        Raises:
            RouteError: If nothing takes a parameter.
            ArgumentError: If an argument is missing or of a wrong type.
        """
        given = arguments_of(values, self.takes, self.anything)
        for part in self.anything:
            self._add(part, given[part])
        given["trainer"] = {**self._trainer, **given["trainer"], **(fixed or {})}
        try:
            return self._parser.parse_object(deepcopy(given))  # which it changes
        except Exception as error:  # of argparse, and whatever a class raises
            raise ArgumentError(self._one_line(str(error))) from None

    def signature(self, part: str) -> str:
        """The signature of a part, with the names that its `**kwargs` stand for."""
        more = ["..."] if part in self.anything else []
        return signature(self.classes.parts[part], [*self.takes[part], *more])

    @property
    def signatures(self) -> str:
        """Signatures of the module and the data module, in a line."""
        return ", ".join(self.signature(part) for part in self.takes if part != "trainer")

    def _add_keywords(self, one: Factory, part: str) -> None:
        """Adds what a constructor takes by its `**kwargs`, and the parser does not know."""
        keywords = keywords_of(one)
        self._add(part, keywords.parameters)
        self.takes[part] += [n for n in keywords.parameters if n not in self.takes[part]]
        if keywords.others:
            self.anything.append(part)

    def _add(self, part: str, names: Iterable[str]) -> None:
        """Adds arguments of any type, which are given only where a trial has them."""
        for name in names:
            if name not in self.takes[part] and (part, name) not in self._added:
                self._parser.add_argument(f"--{part}.{name}", type=Any, default=SUPPRESS)
                self._added.add((part, name))

    def make(self, parsed: Any) -> Made:
        """The objects of a trial; errors of the user's constructors pass through.

        Args:
            parsed: From `parse`.
        """
        made = self._parser.instantiate(parsed)
        return Made(made.model, made.get("data"), vars(made.trainer), parsed)

    def _one_line(self, text: str) -> str:
        """The parser's message, which has many lines, with the signature that it is about."""
        missing = re.search(r"arguments are required: (\S+?)[,\s]*$", text)
        found = _KEY.search(text)
        if missing and not found:
            part, _, name = missing[1].partition(".")
            return f"{signature(self.classes.parts[part])} lacks {name}"
        if not found:
            return " ".join(text.split())
        key, rest = found[1], found[2]
        if inner := _CLASS.search(rest):
            return f"{key}: {inner[1]}: {inner[2].strip()}{_signature_of(inner[1])}"
        expected = list(dict.fromkeys(_expected(rest)))
        got = re.search(r"(?:Given value|Got value): (.*)", rest)
        if expected and got:
            value = got[1].strip()
            return f"{key}: must be {' or '.join(expected)}, got {value[:100]}"
        return f"{key}: {' '.join(rest.split())[:300]}"


def _as_class(one: Factory, part: str) -> Factory:
    """A function as the parser wants it, which does not take one that says not what it returns."""
    return one if isinstance(one, type) else _class_of(one, part)


@cache
def _class_of(function: Factory, part: str) -> Factory:
    """The parser keeps these classes by their names, and other files may have such a function."""
    from jsonargparse import class_from_function  # type: ignore[attr-defined]

    kind = LightningModule if part == "model" else LightningDataModule
    name = f"{function.__name__}_{next(_NUMBERS)}"
    made: Factory = class_from_function(function, kind, name)
    return made


def _expected(text: str) -> Iterator[str]:
    """The types that a message expects, as one writes them."""
    for line in re.findall(r"Expected an? ([^\n]+)", text):
        kind = line.partition(". Got value")[0].strip().rstrip(".")
        if literal := re.fullmatch(r"typing\.Literal\[(.*)\]", kind):
            yield from (word.strip().strip("'") for word in literal[1].split(","))
        elif named := _TYPE.fullmatch(kind):
            yield {"NoneType": "null"}.get(named[1], named[1])
        else:
            yield kind


def _signature_of(path: str) -> str:
    module, _, name = path.rpartition(".")
    try:
        return f" ({signature(resolve(f'{module}:{name}'))})"
    except (ImportError, AttributeError, ValueError):
        return ""
