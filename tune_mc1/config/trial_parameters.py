"""Metadata of trial parameters, and the registry of parameters of other packages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic.fields import FieldInfo

from tune_mc1.config.field_types import Float, Int, Lang
from tune_mc1.config.problems import problems_of
from tune_mc1.errors import InputError
from tune_mc1.registry import Registry

_STRICT: dict[Any, Any] = {int: Int, float: Float}
"""Number types of our own fields, which reject booleans."""


@dataclass(frozen=True)
class ParameterInfo:
    """Metadata of a trial parameter, given in its `Annotated` type.

    Attributes:
        en: English label in reports; if empty, the parameter's name.
        de: German label.
        agree: Whether all trials trained as one model must have the same value.
    """

    en: str = ""
    de: str = ""
    agree: bool = False


@dataclass(frozen=True, eq=False)
class TrialParameter:
    """A trial parameter of another package, to be registered in `PARAMETERS`.

    Attributes:
        annotation: Its type: `bool`, `int`, `float`, `str`, a Literal of strings, or one of these
            with None; may be Annotated with pydantic's validators.
        default: Its value in sweeps that do not set it, and in results that predate it.
        words: Its label in reports, by language; defaults to its name.
        agree: Whether all trials trained as one model must have the same value. Set it to False
            only if the code that uses the parameter reads it separately for each trial of a group.
        rules: Keyword arguments of pydantic's `Field`, such as `{"ge": 0, "lt": 1}`.
    """

    annotation: Any
    default: Any
    words: Mapping[Lang, str] = field(default_factory=dict)
    agree: bool = True
    rules: Mapping[str, Any] = field(default_factory=dict)

    @property
    def definition(self) -> tuple[Any, Any]:
        """Annotation and field for pydantic's `create_model`."""
        info = ParameterInfo(self.words.get("en", ""), self.words.get("de", ""), self.agree)
        annotation = _STRICT.get(self.annotation, self.annotation)
        return Annotated[annotation, info], Field(default=self.default, **self.rules)


PARAMETERS: Registry[TrialParameter] = Registry("trial parameter")
"""Trial parameters of other packages; the built-in ones are fields of `TrialConfig`."""


def registered_parameters(base: type[BaseModel]) -> type[BaseModel]:
    """Builds a model with one field per registered parameter.

    Args:
        base: The model that they extend, whose field names they must not use.

    Raises:
        InputError: If a name is taken or is not an identifier, or a default violates the rules of
            its parameter.
    """
    return _model(base, tuple(PARAMETERS.items()))


@lru_cache(maxsize=8)
def _model(
    base: type[BaseModel], parameters: tuple[tuple[str, TrialParameter], ...]
) -> type[BaseModel]:
    for name, _ in parameters:
        good = name.isidentifier() and not name.startswith("_")
        if name in base.model_fields or hasattr(base, name) or not good:
            raise InputError(f"trial parameter {name!r}: the name is taken, or no identifier")
    definitions: dict[str, Any] = {name: part.definition for name, part in parameters}
    config = ConfigDict(extra="forbid", allow_inf_nan=False, protected_namespaces=())
    model: type[BaseModel] = create_model("RegisteredParameters", __config__=config, **definitions)
    try:
        model.model_validate({name: part.default for name, part in parameters})
    except ValidationError as error:
        raise InputError(f"default of trial parameter {p}" for p in problems_of(error)) from None
    return model


def info_of(field: FieldInfo) -> ParameterInfo:
    """Metadata of a parameter's field; empty if it has none."""
    return next((m for m in field.metadata if isinstance(m, ParameterInfo)), ParameterInfo())


def kinds(annotation: Any) -> set[Any]:
    """All types within an annotation, such as float and NoneType in `Float | None`."""
    nested = [kinds(a) for a in get_args(annotation) if isinstance(a, type) or get_args(a)]
    return {annotation}.union(*nested) if nested else {annotation}
