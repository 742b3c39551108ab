"""Arguments of a trial in LightningCLI's form: checked, converted, and objects made of them."""

from argparse import SUPPRESS
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from inspect import Parameter
from itertools import count
from typing import Any

from lightning.pytorch import LightningDataModule, LightningModule

from tune_mc1.config.keywords import keywords_of
from tune_mc1.modules.argument_errors import one_line
from tune_mc1.modules.classes import Classes, Factory, signature
from tune_mc1.modules.published_arguments import namespaces, partial_types, with_attributes
from tune_mc1.modules.routes import arguments_of

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
        self._needed: list[tuple[str, str]] = []
        self.takes: dict[str, list[str]] = {}
        """Names of the arguments of each part."""
        self.anything: list[str] = []
        """Parts whose constructor takes any other name too, by its `**kwargs`."""
        for part, one in classes.parts.items():
            self.takes[part] = self._add_class(one, part)
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
        for part, name in self._needed:
            if name not in given[part]:
                raise ArgumentError(f"{self.signature(part)} lacks {name}")
        given["trainer"] = {**self._trainer, **given["trainer"], **(fixed or {})}
        try:
            return self._parser.parse_object(deepcopy(given))  # which it changes
        except Exception as error:  # of argparse, and whatever a class raises
            raise ArgumentError(one_line(str(error), self.classes)) from None

    def signature(self, part: str) -> str:
        """The signature of a part, with the names that its `**kwargs` stand for."""
        more = ["..."] if part in self.anything else []
        return signature(self.classes.parts[part], [*self.takes[part], *more])

    @property
    def signatures(self) -> str:
        """Signatures of the module and the data module, in a line."""
        return ", ".join(self.signature(part) for part in self.takes if part != "trainer")

    def _add_class(self, one: Factory, part: str) -> list[str]:
        """Adds the arguments of a part; returns their names."""
        special = namespaces(one) | (partial_types(one) if part == "model" else {})
        if not special:
            names = self._parser.add_lightning_class_args(_as_class(one, part), part)
            return [name.removeprefix(f"{part}.") for name in names]
        names = self._parser.add_class_arguments(
            _as_class(one, part),
            part,
            fail_untyped=False,
            sub_configs=True,
            skip=set(special),
        )
        for name, (kind, default) in special.items():
            needed = default is Parameter.empty  # it may be null, unlike what the parser requires
            self._needed += [(part, name)] if needed else []
            fallback = SUPPRESS if needed else default
            self._parser.add_argument(f"--{part}.{name}", type=kind | None, default=fallback)
        return [*(name.removeprefix(f"{part}.") for name in names), *special]

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
        ready = parsed.clone()
        for part in self.takes.keys() - {"trainer"}:
            vars(ready[part]).update(with_attributes(self.classes.parts[part], vars(ready[part])))
        made = self._parser.instantiate(ready)
        return Made(made.model, made.get("data"), vars(made.trainer), parsed)


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
