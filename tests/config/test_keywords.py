"""What a constructor takes by its `**kwargs`, as its source says."""

from collections.abc import Callable
from typing import Any

import pytest
from torch import nn

from tune_mc1.config.keywords import keywords_of


class Base:
    def __init__(self, rate: float = 0.1, width: int = 8) -> None:
        self.rate, self.width = rate, width


class Passes(Base):
    def __init__(self, depth: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)


class GivesItself(Base):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(3, **kwargs)


class Twice(Passes):
    def __init__(self, size: int = 1, **more: Any) -> None:
        super().__init__(depth=size, **more)


class Saves:
    def __init__(self, **kwargs: Any) -> None:
        super().__init__()
        self.save_hyperparameters()

    def save_hyperparameters(self) -> None: ...


class Inherits(Saves):
    pass


class Reads:
    def __init__(self, **kwargs: Any) -> None:
        self.rate = kwargs.get("rate", 0.1)
        self.width = kwargs["width"]
        self.depth = kwargs.pop("depth") if "depth" in kwargs else 1


class ReadsAndSaves:
    def __init__(self, **kwargs: Any) -> None:
        self.rate = kwargs.get("rate", 0.1)
        self.save_hyperparameters()

    def save_hyperparameters(self) -> None: ...


class Keeps:
    def __init__(self, **kwargs: Any) -> None:
        self.options = kwargs


class ToTorch(nn.Module):
    def __init__(self, width: int = 8, **kwargs: Any) -> None:
        super().__init__(**kwargs)


class TakesAway(nn.Module):
    def __init__(self, **kwargs: Any) -> None:
        self.width = kwargs.pop("width")
        super().__init__(**kwargs)


class NoKeywords:
    def __init__(self, width: int) -> None: ...


def makes(**kwargs: Any) -> Passes:
    kwargs["width"] = 4
    return Passes(1, **kwargs)


def one_or_the_other(deep: bool, **kwargs: Any) -> Base:
    return Passes(**kwargs) if deep else Base(**kwargs)


def somewhere(**kwargs: Any) -> Any:
    table: dict[str, Callable[..., Any]] = {"base": Base}
    return table["base"](**kwargs)


def swallows(**kwargs: Any) -> None: ...


def itself(**kwargs: Any) -> Any:
    return itself(**kwargs)


@pytest.mark.parametrize(
    ("build", "names", "others"),
    [
        (Passes, "rate width", False),
        (GivesItself, "width", False),
        (Twice, "rate width", False),
        (Saves, "", True),
        (Inherits, "", True),
        (Reads, "rate width depth", False),
        (ReadsAndSaves, "rate", True),
        (Keeps, "", True),
        (ToTorch, "", False),
        (TakesAway, "width", False),
        (NoKeywords, "", False),
        (makes, "rate", False),
        (one_or_the_other, "rate width depth", False),
        (somewhere, "", True),
        (swallows, "", True),
        (itself, "", False),
        (dict, "", False),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_names_and_others(build: Callable[..., Any], names: str, others: bool) -> None:
    found = keywords_of(build)
    assert (set(found.parameters), found.others) == (set(names.split()), others)


def test_what_must_be_given() -> None:
    required = {n for n, p in keywords_of(Reads).parameters.items() if p.default is p.empty}
    assert required == {"width"}, "read in brackets"
    either = keywords_of(one_or_the_other).parameters["depth"]
    assert either.default is None, "only one of the two needs it"


def test_without_source_any_name_passes() -> None:
    made: dict[str, Any] = {}
    exec("def build(**kwargs): pass", made)
    assert keywords_of(made["build"]).others
