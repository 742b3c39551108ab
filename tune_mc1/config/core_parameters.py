"""Parameters that every trial of our own training has, named as in the reference study."""

from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field

from tune_mc1.config.augmentations import NONE, augmentation_names
from tune_mc1.config.field_types import Float, Int, one_of
from tune_mc1.config.losses import CROSS_ENTROPY, loss_name
from tune_mc1.config.lr_schedules import CONSTANT, LR_SCHEDULES
from tune_mc1.config.model_names import MODEL
from tune_mc1.config.optimizers import OPTIMIZERS
from tune_mc1.config.recipe import Recipe
from tune_mc1.config.trial_parameters import ParameterInfo

WeightsInit = Literal[
    "default", "xavier_normal", "xavier_uniform", "kaiming_normal", "kaiming_uniform", "dirac"
]


_PRECISIONS = {
    **{"32-true": "32", "bf16": "bf16-mixed", "bfloat16": "bf16-mixed"},
    **{"fp16": "16-mixed", "float16": "16-mixed"},
}
"""Other names of precisions."""


_SCHEDULES = {
    **dict.fromkeys(("none", "ConstantLR"), "constant"),
    **dict.fromkeys(("CosineAnnealingLR", "cosine_annealing", "CosineAnnealing"), "cosine"),
    **{"LinearLR": "linear", "OneCycleLR": "one_cycle", "OneCycle": "one_cycle"},
    **dict.fromkeys(("StepLR", "MultiStepLR", "multistep", "multi_step"), "step"),
}
"""Names of schedules in PyTorch and timm."""


class CoreParameters(Recipe):
    """Parameters with a column in the results of every sweep, after those of the recipe.

    Attributes:
        model: Name of the architecture (`tune_mc1.config.architectures`).
        epochs: Passes over the training images, at least 1.
        batch_size: Images per optimiser step, at least 1.
        learning_rate: Step size of the optimiser, greater than 0.
        lr_schedule: Name of the learning-rate schedule (`tune_mc1.config.lr_schedules`).
        optimizer: Name of the optimiser (`tune_mc1.config.optimizers`), as in torch.optim.
        loss_function: Name of the loss (`tune_mc1.config.losses`), or `package.module:loss`.
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
            the weights in 32 bits (Lightning's `precision`); or `16-mixed`, the same in float16
            with scaled losses, on a GPU only.
    """

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
        one_of(LR_SCHEDULES, _SCHEDULES),
        ParameterInfo("learning-rate schedule", "Verlauf der Lernrate"),
    ] = CONSTANT
    optimizer: Annotated[
        str, one_of(OPTIMIZERS), ParameterInfo("optimiser", "Optimierer", agree=True)
    ] = "SGD"
    loss_function: Annotated[
        str,
        BeforeValidator(loss_name),
        ParameterInfo("loss function", "Verlustfunktion", agree=True),
    ] = CROSS_ENTROPY
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
        Literal["32", "bf16-mixed", "16-mixed"],
        one_of(("32", "bf16-mixed", "16-mixed"), _PRECISIONS),
        ParameterInfo("precision", "Präzision", agree=True),
    ] = "32"
