"""A trial and its parameters."""

from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_serializer,
    model_validator,
)
from pydantic.fields import FieldInfo

from tune_mc1.config.architectures import ARCHITECTURES, Architecture
from tune_mc1.config.augmentations import NONE, augmentation_key, augmentation_problem
from tune_mc1.config.core_parameters import CoreParameters
from tune_mc1.config.fine_tuning_fit import fine_tuning_problem
from tune_mc1.config.losses import loss_problem
from tune_mc1.config.model_names import OPTIONS, is_outside
from tune_mc1.config.network_options import option_problem
from tune_mc1.config.optimizers import optimizer_problem, optimizer_use_problem
from tune_mc1.config.recipe import RECIPE, Recipe
from tune_mc1.config.run_fit import run_problem
from tune_mc1.config.schedule_fit import schedule_problem
from tune_mc1.config.setting_hash import setting_hash
from tune_mc1.config.trial_parameters import registered_parameters

_TUNED: dict[tuple[str, str], tuple[Architecture, Architecture]] = {}
"""Architectures whose own parameters are set, which all checks of a trial ask for."""


class TrialConfig(CoreParameters):
    """Everything that determines a trial's numbers, apart from the images and the split.

    To add a parameter, add a field to a file of `tune_mc1.config.recipe`; its `ParameterInfo` has
    its labels in reports and the information that planning needs. Parameters registered by other
    packages (`tune_mc1.config.trial_parameters.PARAMETERS`) are keywords and attributes like these;
    `trial_fields` returns all of them.

    Attributes:
        arguments: Parameters of the network's own, by name; of `trial_fields` there are none.
        passes: Names of trial parameters that the constructor of a network from outside gets too.
        inactive: Parameters of the sweep that do not apply to the trial. Their fields have their
            defaults, and in its row they are null.
    """

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)

    arguments: dict[str, Any] = Field(default={})
    passes: tuple[str, ...] = ()
    inactive: tuple[str, ...] = ()

    @model_serializer(mode="wrap")
    def _without_nothing(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leaves out what only a network of one's own has, and what the sweep does not set."""
        dumped: dict[str, Any] = dump(self)
        for name in ("arguments", "passes", "inactive"):
            if not dumped.get(name):
                dumped.pop(name, None)
        for name in RECIPE - self.model_fields_set:
            dumped.pop(name, None)
        return dumped

    @model_validator(mode="before")
    @classmethod
    def _single_batch_by_name(cls, data: Any) -> Any:
        if isinstance(data, dict) and str(data.get("model", "")).lower() == "cnn_singlebatch":
            return {"overfit_batches": 1, **data}
        return data

    @model_validator(mode="before")
    @classmethod
    def _registered(cls, data: Any) -> Any:
        """Keeps only those registered parameters that differ from their defaults."""
        if not isinstance(data, dict) or data.keys() <= cls.model_fields.keys():
            return data
        own = {name: value for name, value in data.items() if name in cls.model_fields}
        others = {name: value for name, value in data.items() if name not in own}
        checked = registered_parameters(cls).model_validate(others)
        return own | checked.model_dump(exclude_defaults=True)

    if not TYPE_CHECKING:  # hidden, as pydantic hides its own, so that mypy finds misspellings

        def __getattr__(self, name: str) -> Any:
            """Returns the default of a registered parameter."""
            if not name.startswith("_") and name not in (self.__pydantic_extra__ or {}):
                field = registered_parameters(type(self)).model_fields.get(name)
                if field is not None:
                    return field.default
            return super().__getattr__(name)

    @model_validator(mode="after")
    def _options_fit_model(self) -> Self:
        problem = option_problem(self)
        if problem:
            raise ValueError(problem)
        return self

    @model_validator(mode="after")
    def _options_fit_optimizer(self) -> Self:
        given = self._given()
        problem = (
            optimizer_problem(self.optimizer, given)
            or optimizer_use_problem(self)
            or schedule_problem(self, given)
            or loss_problem(self.loss_function, given)
            or run_problem(self)
            or fine_tuning_problem(self)
        )
        if problem:
            raise ValueError(problem)
        return self

    def _given(self) -> dict[str, Any]:
        """Parameters that differ from their default; `model_dump` takes four times as long."""
        fields, own = type(self).model_fields, self.__dict__
        there = (name for name in fields if name in self.model_fields_set)
        given = {name: own[name] for name in there if own[name] != fields[name].default}
        return given | (self.__pydantic_extra__ or {})

    @model_validator(mode="after")
    def _options_fit_augmentation(self) -> Self:
        problem = augmentation_problem(self)
        if problem:
            raise ValueError(problem)
        return self

    @property
    def values(self) -> dict[str, Any]:
        """The parameters in the order of `trial_fields`, then the network's own.

        Of the recipe, those that the sweep sets. Options of a network from outside that its
        constructor does not get are None, and so are parameters that do not apply to the trial.
        """
        unset = RECIPE - self.model_fields_set
        values = {name: getattr(self, name) for name in trial_fields() if name not in unset}
        if is_outside(self.model):
            values |= dict.fromkeys(name for name in OPTIONS if name not in self.passes)
        return values | self.arguments | dict.fromkeys(self.inactive)

    @property
    def architecture(self) -> Architecture:
        """The network's architecture."""
        base = ARCHITECTURES[self.model]
        if not self.arguments or base.tune is None:
            return base
        key = (self.model, repr(self.arguments))
        kept, tuned = _TUNED.get(key, (None, base))
        if kept is not base:
            tuned = base.tuned(self.arguments)
            _TUNED[key] = base, tuned
        return tuned

    @property
    def constructor_arguments(self) -> dict[str, Any]:
        """What the sweep gives to the constructor of a network from outside."""
        return {name: getattr(self, name) for name in self.passes} | self.arguments

    @property
    def effective_dropout(self) -> float:
        """Probability of dropping a unit with which the model is built."""
        default = self.architecture.dropout_p
        return default if self.dropout_p is None else self.dropout_p

    @property
    def effective_batch_norm(self) -> bool:
        """True if the model is built with batch norm."""
        return self.architecture.batch_norm == "always" or bool(self.batch_norm)

    @property
    def config_hash(self) -> str:
        """Twelve hex digits that identify the setting; replicates, which differ in seed, share it.

        Defaults are excluded, so adding a parameter does not change existing hashes.
        """
        apart = {"seed", "device", "inactive"}
        return setting_hash(self.model_dump(exclude=apart, exclude_defaults=True))


def trial_fields() -> dict[str, FieldInfo]:
    """Fields of all trial parameters by name: `core_fields`, then those of the recipe."""
    return _fields(registered_parameters(TrialConfig))[1]


def core_fields() -> dict[str, FieldInfo]:
    """Fields of the parameters that every sweep's results have: our own, then registered ones."""
    return _fields(registered_parameters(TrialConfig))[0]


@lru_cache(maxsize=8)
def _fields(registered: type[BaseModel]) -> tuple[dict[str, FieldInfo], dict[str, FieldInfo]]:
    """Core fields and all fields, which every trial of a sweep asks for."""
    left_out = RECIPE | {"arguments", "passes", "inactive"}
    own = {name: field for name, field in TrialConfig.model_fields.items() if name not in left_out}
    core = own | registered.model_fields
    return core, core | Recipe.model_fields


def trial_defaults() -> dict[str, Any]:
    """Default of every `core_fields`; also its value in results that predate the parameter."""
    return {name: field.default for name, field in core_fields().items()}


def _checked_once(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    """A config that is one already has passed all checks, which a field would make again."""
    return value if isinstance(value, TrialConfig) else check(value)


class Trial(BaseModel):
    """One run of one setting.

    Attributes:
        id: Short name, unique in the sweep, such as `t0007`.
        config: Its parameters.
        fold: Index of the fold held out for validation, from 0; None without cross-validation.
        copied_after: Epochs after which it went on with another trial's weights last; None if it
            never did.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    config: Annotated[TrialConfig, WrapValidator(_checked_once)]
    fold: int | None = None
    copied_after: int | None = None

    @property
    def values(self) -> dict[str, Any]:
        """Every parameter."""
        return self.config.values

    @property
    def config_hash(self) -> str:
        """Twelve hex digits that identify its setting; see `TrialConfig.config_hash`."""
        return self.config.config_hash

    @property
    def epochs(self) -> int:
        """Epochs that it runs if nothing stops it."""
        return self.config.epochs

    @property
    def image_order(self) -> tuple[int, int, str]:
        """Key that is equal for trials that read the same images in the same order in every epoch.

        Augmented images are equal if seed and augmentation, with its parameters, are.
        """
        config = self.config
        seeded = config.shuffle or config.augment != NONE
        fold = -1 if self.fold is None else self.fold
        return fold, config.seed if seeded else -1, augmentation_key(config)
