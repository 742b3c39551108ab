"""Parameters of a trial, named as in the reference study."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)
from pydantic.fields import FieldInfo

from tune_mc1.config.architectures import ARCHITECTURES, Architecture
from tune_mc1.config.augmentations import NONE, augmentation_names
from tune_mc1.config.field_types import Float, Int, one_of
from tune_mc1.config.lr_schedules import CONSTANT, LR_SCHEDULES
from tune_mc1.config.model_names import MODEL, OPTIONS, is_outside
from tune_mc1.config.network_options import option_problem
from tune_mc1.config.optimizers import OPTIMIZERS, optimizer_problem
from tune_mc1.config.setting_hash import setting_hash
from tune_mc1.config.trial_parameters import ParameterInfo, registered_parameters

WeightsInit = Literal[
    "default", "xavier_normal", "xavier_uniform", "kaiming_normal", "kaiming_uniform"
]


class TrialConfig(BaseModel):
    """Everything that determines a trial's numbers, apart from the images and the split.

    To add a parameter, add a field here; its `ParameterInfo` has its labels in reports and the
    information that planning needs. Parameters registered by other packages
    (`tune_mc1.config.trial_parameters.PARAMETERS`) are keywords and attributes like these;
    `trial_fields` returns all of them.

    Attributes:
        model: Name of the architecture (`tune_mc1.config.architectures`).
        epochs: Passes over the training images, at least 1.
        batch_size: Images per optimiser step, at least 1.
        learning_rate: Step size of the optimiser, greater than 0.
        lr_schedule: Name of the learning-rate schedule (`tune_mc1.config.lr_schedules`).
        optimizer: Name of the optimiser (`tune_mc1.config.optimizers`), as in torch.optim.
        loss_function: Only `CrossEntropyLoss`.
        weight_decay: L2 penalty (decoupled in AdamW), at least 0.
        momentum: Momentum of SGD in [0, 1).
        weights_init_type: Initialisation of convolutions and linear layers; biases start at 0
            unless it is `default`, PyTorch's own.
        dropout_p: Probability of dropping a unit, in [0, 1]. None uses the architecture's.
        batch_norm: Whether to use batch norm. None uses the architecture's default.
        pretrained: Whether a frozen backbone uses its published weights.
        overfit_batches: Number of training batches to use, the same in each epoch; 0 uses all.
        drop_last: Whether to drop the last batch of an epoch if it is smaller than the others (as
            in PyTorch's DataLoader): a step on few images moves the weights as far as any other,
            with more noise, immediately before they are validated.
        shuffle: Whether to shuffle the training images anew every epoch.
        augment: Random augmentation, drawn anew every epoch: `none`, the name of an augmentation
            (`tune_mc1.config.augmentations`), or several names joined by `+`.
        seed: Seed of initialisation, batch order, dropout masks and augmentation.
        device: `auto` uses a GPU if there is one; `cuda` without a GPU falls back to the CPU.
        precision: `32`, or `bf16-mixed`: convolutions and matrix products in bfloat16, the rest and
            the weights in 32 bits (Lightning's `precision`).
        arguments: Parameters of the network's own, by name; of `trial_fields` there are none.
        passes: Names of trial parameters that the constructor of a network from outside gets too.
    """

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)

    model: Annotated[str, MODEL, ParameterInfo("model", "Modell", agree=True)] = "CNN"
    epochs: Annotated[Int, ParameterInfo("epochs", "Epochen", agree=True)] = Field(
        default=10, ge=1, le=100_000
    )
    batch_size: Annotated[Int, ParameterInfo("batch size", "Batchgrösse", agree=True)] = Field(
        default=32, ge=1, le=1_000_000
    )
    learning_rate: Annotated[Float, ParameterInfo("learning rate", "Lernrate")] = Field(
        default=0.01, gt=0, le=1000
    )
    lr_schedule: Annotated[
        str,
        one_of(LR_SCHEDULES),
        ParameterInfo("learning-rate schedule", "Verlauf der Lernrate"),
    ] = CONSTANT
    optimizer: Annotated[
        str, one_of(OPTIMIZERS), ParameterInfo("optimiser", "Optimierer", agree=True)
    ] = "SGD"
    loss_function: Annotated[
        Literal["CrossEntropyLoss"],
        one_of(("CrossEntropyLoss",), {"cross_entropy": "CrossEntropyLoss"}),
        ParameterInfo("loss function", "Verlustfunktion", agree=True),
    ] = "CrossEntropyLoss"
    weight_decay: Annotated[Float, ParameterInfo("weight decay", "Weight Decay")] = Field(
        default=0.0, ge=0, le=1000
    )
    momentum: Annotated[Float, ParameterInfo("momentum", "Momentum")] = Field(
        default=0.0, ge=0, lt=1
    )
    weights_init_type: Annotated[
        WeightsInit,
        one_of(get_args(WeightsInit)),
        ParameterInfo("initialisation", "Initialisierung"),
    ] = "default"
    dropout_p: Annotated[Float | None, ParameterInfo("dropout", "Dropout")] = Field(
        default=None, ge=0, le=1
    )
    batch_norm: Annotated[bool | None, ParameterInfo("batch norm", "Batch-Norm")] = None
    pretrained: Annotated[bool, ParameterInfo("pretraining", "Vortraining")] = True
    overfit_batches: Annotated[
        Int, ParameterInfo("training batches", "Trainingsbatches", agree=True)
    ] = Field(default=0, ge=0)
    drop_last: Annotated[
        bool,
        ParameterInfo(
            "smaller last batch left out", "kleinerer letzter Batch weggelassen", agree=True
        ),
    ] = False
    shuffle: Annotated[bool, ParameterInfo("shuffling", "Mischen der Batches", agree=True)] = True
    augment: Annotated[
        str,
        BeforeValidator(augmentation_names),
        ParameterInfo("augmentation", "Augmentierung"),
    ] = NONE
    seed: Annotated[Int, ParameterInfo("seed", "Seed")] = Field(default=0, ge=0, lt=2**63)
    device: Annotated[
        Literal["auto", "cpu", "cuda"],
        one_of(("auto", "cpu", "cuda"), {"gpu": "cuda"}),
        ParameterInfo("device", "Gerät", agree=True),
    ] = "auto"
    precision: Annotated[
        Literal["32", "bf16-mixed"],
        one_of(("32", "bf16-mixed"), {"32-true": "32", "bf16": "bf16-mixed"}),
        ParameterInfo("precision", "Präzision", agree=True),
    ] = "32"
    arguments: dict[str, Any] = Field(default={})
    passes: tuple[str, ...] = ()

    @model_serializer(mode="wrap")
    def _without_nothing(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leaves out what only a network with parameters of its own has."""
        dumped: dict[str, Any] = dump(self)
        for name in ("arguments", "passes"):
            if not dumped.get(name):
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
        problem = optimizer_problem(self.optimizer, self.model_dump(exclude_defaults=True))
        if problem:
            raise ValueError(problem)
        return self

    @property
    def values(self) -> dict[str, Any]:
        """Every parameter, in the order of `trial_fields`, then the network's own.

        Options of a network from outside that its constructor does not get are None.
        """
        values = {name: getattr(self, name) for name in trial_fields()}
        if is_outside(self.model):
            values |= dict.fromkeys(name for name in OPTIONS if name not in self.passes)
        return values | self.arguments

    @property
    def architecture(self) -> Architecture:
        """The network's architecture."""
        return ARCHITECTURES[self.model].tuned(self.arguments)

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
        return setting_hash(self.model_dump(exclude={"seed", "device"}, exclude_defaults=True))


def trial_fields() -> dict[str, FieldInfo]:
    """Fields of all trial parameters by name: those of `TrialConfig`, then registered ones."""
    own = {n: f for n, f in TrialConfig.model_fields.items() if n not in ("arguments", "passes")}
    return own | registered_parameters(TrialConfig).model_fields


def trial_defaults() -> dict[str, Any]:
    """Default of every parameter; also its value in results that predate the parameter."""
    return {name: field.default for name, field in trial_fields().items()}


class Trial(BaseModel):
    """One run of one setting.

    Attributes:
        id: Short name, unique in the sweep, such as `t0007`.
        config: Its parameters.
        fold: Index of the fold held out for validation, from 0; None without cross-validation.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    config: TrialConfig
    fold: int | None = None

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

        Augmented images are equal if seed and augmentation are.
        """
        config = self.config
        seeded = config.shuffle or config.augment != NONE
        fold = -1 if self.fold is None else self.fold
        return fold, config.seed if seeded else -1, config.augment
