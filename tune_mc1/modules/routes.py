"""Which parameter of a sweep goes where: to the module, the data module or the trainer."""

from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import Any

from tune_mc1.config.program_sweep import SEED
from tune_mc1.errors import did_you_mean

_OF_A_CLASS = ("class_path", "init_args", "dict_kwargs")

BOTH = ("model", "data")
"""Parts that take a parameter by its bare name."""


class RouteError(ValueError):
    """Nothing takes a parameter; the text is a rule."""


def places_of(
    name: str, takes: Mapping[str, Collection[str]], anything: Collection[str] = ()
) -> list[str]:
    """The arguments that a parameter sets, as dotted names such as `model.lr`.

    As in LightningCLI, `model.`, `data.` and `trainer.` name the part. A bare name goes to the
    module and the data module, to both if both take it, and if neither names it to those that take
    any name.

    Args:
        name: Name of the parameter, dotted in nested groups.
        takes: Names of the arguments of each part; a part that is not there has no entry.
        anything: Parts whose constructor takes any other name too.

    Raises:
        RouteError: If nothing takes it.
    """
    first, _, rest = name.partition(".")
    bare = [part for part in BOTH if first in takes.get(part, ())]
    if rest and first in takes and rest.partition(".")[0] in takes[first]:
        return [name]
    if bare:
        return [f"{part}.{name}" for part in bare]
    if name == SEED:
        return []
    if rest and first in ("model", "data", "trainer"):
        if first not in takes:
            raise RouteError("there is no datamodule that could take it")
        if first in anything:
            return [name]
        raise RouteError(f"is no argument{did_you_mean(rest, takes[first])}")
    if first in takes["trainer"]:
        own = "".join(f", or {part}.{name}" for part in BOTH if part in anything)
        raise RouteError(f"write trainer.{name} for the argument of the trainer{own}")
    if anything:
        return [f"{part}.{name}" for part in BOTH if part in anything]
    known = [argument for part in BOTH for argument in takes.get(part, ())]
    raise RouteError(f"nothing takes it{did_you_mean(first, known)}")


def arguments_of(
    values: Mapping[str, Any],
    takes: Mapping[str, Collection[str]],
    anything: Collection[str] = (),
) -> dict[str, dict[str, Any]]:
    """Arguments of each part by the parameters of a trial.

    Args:
        values: Values by name, dotted in nested groups.
        takes: Names of the arguments of each part.
        anything: Parts whose constructor takes any other name too.

    Raises:
        RouteError: If nothing takes a parameter, or it is within one that takes no others.
    """
    found: dict[str, dict[str, Any]] = {part: {} for part in takes}
    for name in sorted(values, key=_outer_first):
        for place in places_of(name, takes, anything):
            inner, keys = found, place.split(".")
            for group, key in pairwise(keys):
                inner = _opened(inner, group, key, name)
            inner[keys[-1]] = values[name]
    return found


def _outer_first(name: str) -> tuple[int, bool]:
    return name.count("."), not name.endswith(".class_path")


def _opened(outer: dict[str, Any], group: str, key: str, name: str) -> dict[str, Any]:
    """The arguments within an argument, one of which is set next.

    As in LightningCLI, those of a class may be named without `init_args`, and the class may be
    given by its path alone: `model.net: nets.Small` and `model.net.width: 8`.
    """
    inner = outer.get(group, {})
    if isinstance(inner, str):
        inner = {"class_path": inner}
    elif not isinstance(inner, Mapping):
        raise RouteError(f"{name} is within {group}, which is {inner!r}")
    outer[group] = inner = dict(inner)
    if "class_path" in inner and key not in _OF_A_CLASS:
        inner["init_args"] = inner = dict(inner.get("init_args") or {})
    return inner
