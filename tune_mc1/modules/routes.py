"""Which parameter of a sweep goes where: to the module, the data module or the trainer."""

from collections.abc import Collection, Mapping
from typing import Any

from tune_mc1.config.program_sweep import SEED
from tune_mc1.errors import did_you_mean

BOTH = ("model", "data")
"""Parts that take a parameter by its bare name."""


class RouteError(ValueError):
    """Nothing takes a parameter; the text is a rule."""


def places_of(name: str, takes: Mapping[str, Collection[str]]) -> list[str]:
    """The arguments that a parameter sets, as dotted names such as `model.lr`.

    As in LightningCLI, `model.`, `data.` and `trainer.` name the part. A bare name goes to the
    module and the data module, to both if both take it.

    Args:
        name: Name of the parameter, dotted in nested groups.
        takes: Names of the arguments of each part; a part that is not there has no entry.

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
        raise RouteError(f"is no argument{did_you_mean(rest, takes[first])}")
    if first in takes["trainer"]:
        raise RouteError(f"write trainer.{name} for the argument of the trainer")
    known = [argument for part in BOTH for argument in takes.get(part, ())]
    raise RouteError(f"nothing takes it{did_you_mean(first, known)}")


def arguments_of(
    values: Mapping[str, Any], takes: Mapping[str, Collection[str]]
) -> dict[str, dict[str, Any]]:
    """Arguments of each part by the parameters of a trial.

    Args:
        values: Values by name, dotted in nested groups.
        takes: Names of the arguments of each part.

    Raises:
        RouteError: If nothing takes a parameter.
    """
    found: dict[str, dict[str, Any]] = {part: {} for part in takes}
    for name, value in values.items():
        for place in places_of(name, takes):
            *groups, last = place.split(".")
            inner = found
            for group in groups:
                inner = inner.setdefault(group, {})
            inner[last] = value
    return found
