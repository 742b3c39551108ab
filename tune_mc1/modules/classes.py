"""The user's LightningModule and LightningDataModule: imported, and fit to be trained."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lightning.pytorch import LightningDataModule, LightningModule, Trainer

from tune_mc1.config.user_code import UserCodeError, import_object
from tune_mc1.modules.forms import refused_forms, without_data

Factory = Callable[..., Any]
"""A class, or a function that returns an object of it."""


class ClassError(ValueError):
    """A class cannot be used; the text is a rule.

    Args:
        field: Key of the sweep file.
        rule: The rule that it violates.
    """

    def __init__(self, field: str, rule: str) -> None:
        self.field = field
        super().__init__(rule)


@dataclass(frozen=True)
class Classes:
    """What the sweep file names.

    Attributes:
        module: Creates the LightningModule.
        datamodule: Creates the LightningDataModule; None if the module has its own data.
    """

    module: Factory
    datamodule: Factory | None = None

    @property
    def parts(self) -> dict[str, Factory]:
        """What takes parameters, by its prefix as in LightningCLI."""
        data = {} if self.datamodule is None else {"data": self.datamodule}
        return {"model": self.module, **data, "trainer": Trainer}


def import_classes(module: str, datamodule: str | None) -> Classes:
    """Imports both; `tune_mc1.config.user_code.look_in` says where their modules may be.

    Raises:
        ClassError: If one cannot be imported or trained.
    """
    found = Classes(
        _imported("module", module),
        None if datamodule is None else _imported("datamodule", datamodule),
    )
    for field, one, kind in (
        ("module", found.module, LightningModule),
        ("datamodule", found.datamodule, LightningDataModule),
    ):
        for rule in _problems(one, kind):
            raise ClassError(field, rule)
    if lacks := without_data(found.module, found.datamodule):
        raise ClassError("module", lacks)
    return found


def signature(one: Factory, known: Sequence[str] = ()) -> str:
    """A class or function with the arguments that it takes, such as `Net(hidden=32, lr)`.

    Args:
        one: The class or function.
        known: Names that it takes; those that it does not name itself are shown as its `**kwargs`.
    """
    try:
        parameters = inspect.signature(one).parameters
    except (TypeError, ValueError):
        return f"{name_of(one)}(...)"
    more = ", ".join(name for name in known if name not in parameters)
    own = ", ".join(_argument(parameter, more) for parameter in parameters.values())
    return f"{name_of(one)}({own})"


def name_of(one: Factory) -> str:
    """Its name without its module."""
    return getattr(one, "__qualname__", repr(one))


def _argument(parameter: inspect.Parameter, more: str) -> str:
    if parameter.kind is parameter.VAR_KEYWORD:
        return f"**{parameter.name}{f': {more}' if more else ''}"
    text = str(parameter.replace(annotation=inspect.Parameter.empty))
    return text if len(text) <= 60 else f"{text[:57]}..."


def _imported(field: str, path: str) -> Factory:
    try:
        found = import_object(path)
    except UserCodeError as error:
        raise ClassError(field, str(error)) from None
    if not callable(found) or isinstance(found, LightningModule):
        raise ClassError(field, f"must be a class or a function, is {type(found).__name__}")
    return found  # type: ignore[no-any-return]


def _problems(one: Factory | None, kind: type) -> Iterator[str]:
    if not isinstance(one, type):  # nothing, or a function, known when it is called
        return
    if not issubclass(one, kind):
        other = next((base for base in one.__mro__ if base.__name__ == kind.__name__), None)
        if other is not None:
            yield (
                f"{one.__name__} is a {kind.__name__} of {other.__module__.partition('.')[0]}: "
                "import lightning.pytorch, which has the same classes"
            )
        else:
            yield f"must be a {kind.__name__}, {one.__name__} is none"
        return
    if issubclass(one, LightningModule):
        yield from refused_forms(one)
