"""Names that people use for our parameters and metrics, and the standard name of each.

Only sweeps of our own training read them; a program's names are its own.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import product

from tune_mc1.config.chosen_metrics import SCORES, chosen_columns
from tune_mc1.config.metrics import METRICS, SPLITS, epoch_metrics
from tune_mc1.config.trial import trial_fields

PARAMETER_ALIASES: dict[str, tuple[str, ...]] = {
    "model": (
        *("arch", "architecture", "model_name", "model_type", "model_arch", "model_architecture"),
        *("net", "network"),
    ),
    "epochs": (
        *("epoch", "num_epochs", "n_epochs", "nb_epochs", "no_epochs", "number_of_epochs"),
        *("max_epochs", "max_epoch", "total_epochs", "train_epochs", "num_train_epochs"),
    ),
    "batch_size": (
        *("bs", "batch", "batch_sz", "train_batch_size", "mini_batch_size"),
        "per_device_train_batch_size",
    ),
    "learning_rate": ("lr", "learn_rate", "lr0", "base_lr", "init_lr", "initial_lr"),
    "lr_schedule": ("lr_scheduler", "scheduler", "sched", "schedule", "learning_rate_schedule"),
    "warmup_epochs": ("num_warmup_epochs", "lr_warmup_epochs", "n_warmup_epochs"),
    "warmup_steps": (
        *("num_warmup_steps", "lr_warmup_steps", "warmup_iters", "warmup_iterations"),
        "n_warmup_steps",
    ),
    "start_factor": ("warmup_factor", "lr_warmup_decay"),
    "end_factor": ("final_lr_factor", "lr_min_factor", "lrf"),
    "step_size": ("lr_step_size", "decay_epochs"),
    "milestones": ("lr_steps", "lr_milestones", "decay_milestones"),
    "gamma": ("lr_gamma", "decay_rate"),
    "optimizer": (
        *("opt", "optim", "optimiser", "optimizer_name", "optimizer_type", "optim_name"),
        "optim_type",
    ),
    "loss_function": ("loss", "loss_fn", "loss_func", "loss_type", "criterion"),
    "label_smoothing": ("smoothing", "smooth", "label_smooth", "label_smoothing_factor"),
    "class_weights": ("class_weight", "loss_weights"),
    "focal_gamma": ("focal_loss_gamma", "gamma_focal"),
    "weight_decay": ("wd", "l2", "l2_reg", "l2_penalty"),
    "momentum": ("mom", "sgd_momentum"),
    "freeze": ("freeze_layers", "frozen_layers", "freeze_blocks"),
    "layer_decay": ("llrd", "layerwise_lr_decay", "layer_lr_decay"),
    "clip_grad": (
        *("gradient_clip_val", "grad_clip", "clip_grad_norm", "max_grad_norm", "gradient_clip"),
        *("grad_norm_clip", "clipnorm", "grad_clip_norm"),
    ),
    "ema_decay": ("model_ema_decay", "ema"),
    "ema_warmup": ("model_ema_warmup",),
    "torch_compile": ("compile",),
    "early_stopping_patience": ("patience", "es_patience", "early_stop_patience"),
    "nesterov": ("use_nesterov", "nesterov_momentum"),
    "betas": ("adam_betas", "opt_betas", "optimizer_betas"),
    "eps": ("epsilon", "adam_epsilon", "adam_eps", "opt_eps"),
    "alpha": ("rmsprop_alpha",),
    "filter_bias_and_bn": ("no_norm_decay", "no_bias_decay", "no_bias_norm_decay"),
    "weights_init_type": (
        *("init", "init_type", "init_method", "initialization", "initializer", "weight_init"),
        *("weights_init", "weight_initialization", "kernel_initializer", "activation_init"),
    ),
    "dropout_p": (
        *("dropout", "dropout_rate", "dropout_prob", "dropout_probability", "dropout_ratio"),
        *("p_dropout", "drop_rate", "drop_prob", "drop_p"),
    ),
    "batch_norm": (
        *("bn", "use_bn", "use_batch_norm", "with_batch_norm", "batch_normalization"),
        "use_batch_normalization",
    ),
    "pretrained": ("use_pretrained", "is_pretrained"),
    "augment": ("augmentation", "augmentations", "data_augmentation", "data_aug"),
    "random_erasing_p": ("reprob", "erasing_prob"),
    "mixup_alpha": ("mixup",),
    "cutmix_alpha": ("cutmix",),
    "seed": ("random_seed", "rng_seed", "manual_seed", "random_state"),
}
"""Other names of each parameter, regardless of case, `_`, `-` and spaces: `LR`, `batch-norm`."""

SPLIT_ALIASES: dict[str, tuple[str, ...]] = {
    "train": ("training",),
    "val": ("valid", "validation", "eval", "evaluation", "dev"),
}
METRIC_ALIASES: dict[str, tuple[str, ...]] = {
    "loss": ("cross_entropy", "cross_entropy_loss", "ce", "ce_loss", "xent"),
    "acc": ("accuracy", "acc1", "top1", "top1_acc", "top1_accuracy", "acc_top1"),
    "f1": ("f1_score", "macro_f1", "f1_macro", "macro_f1_score", "f1_score_macro"),
    "auroc": ("auc", "roc_auc", "auc_roc", "roc_auc_score"),
    "balanced_acc": ("balanced_accuracy", "balanced_accuracy_score"),
    "acc_top5": ("top5", "acc5", "top5_acc", "top5_accuracy", "top_5_accuracy"),
    "nll": ("nll_loss", "negative_log_likelihood"),
    "ece": ("calibration_error", "expected_calibration_error"),
}
"""Other names of each metric, before or after a split and regardless of separators: `val/loss`,
`Accuracy/train`, `validation.f1_score`. Keras's callback for W&B adds `epoch/`."""


def parameter_name(name: str) -> str:
    """Standard name of a parameter; the name itself if it is standard already, or unknown.

    Args:
        name: The user's input.
    """
    fields = tuple(trial_fields())
    return name if name in fields else _parameters(fields).get(_letters(name), name)


def metric_name(name: str) -> str:
    """Standard name of a metric of an epoch; the name itself if standard already, or unknown.

    Args:
        name: The user's input, possibly with Lightning's suffix `_epoch`.
    """
    if name.removesuffix("_epoch") in (*epoch_metrics(), *chosen_columns()):
        return name
    known = tuple(dict.fromkeys((*METRICS, *SCORES)))
    return _metrics(known).get(_metric_letters(name), name)


def splits_of(name: str) -> list[str]:
    """Metrics that a name without a split can mean, such as `val_acc` and `train_acc`.

    Args:
        name: The user's input.

    Returns:
        Standard names, that of the validation images first; empty if it is not a metric alone.
    """
    metric = _scores(tuple(METRICS)).get(_metric_letters(name))
    return [] if metric is None else [f"val_{metric}", f"train_{metric}"]


def alias_notices(read: Iterable[tuple[str, str]]) -> list[str]:
    """One notice that says which names were taken for which.

    Args:
        read: Pairs of a name, with its place, and a standard name.

    Returns:
        The notice in a list, which is empty if there are no pairs.
    """
    texts = [
        f"{name}{' ' if i else ': read '}as {standard}" for i, (name, standard) in enumerate(read)
    ]
    return [", ".join(texts)] if texts else []


def _letters(name: str) -> str:
    return re.sub(r"[-_\s]", "", name.lower())


def _metric_letters(name: str) -> str:
    bare = re.sub(r"^epoch[/_.]", "", name.lower()).removesuffix("_epoch")
    return re.sub(r"[-_\s/.]", "", bare)


@lru_cache(maxsize=8)
def _parameters(fields: tuple[str, ...]) -> dict[str, str]:
    return _by_letters(fields, PARAMETER_ALIASES)


@lru_cache(maxsize=8)
def _scores(metrics: tuple[str, ...]) -> dict[str, str]:
    return _by_letters(metrics, METRIC_ALIASES)


@lru_cache(maxsize=8)
def _metrics(metrics: tuple[str, ...]) -> dict[str, str]:
    table = {}
    splits = _by_letters(SPLITS[:2], SPLIT_ALIASES)
    for (split_word, split), (word, metric) in product(splits.items(), _scores(metrics).items()):
        table[split_word + word] = table[word + split_word] = f"{split}_{metric}"
    return table


def _by_letters(names: Sequence[str], aliases: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Standard names by letters: they win over aliases, and earlier ones, ours, over plugins'."""
    table = {_letters(alias): name for name in names for alias in aliases.get(name, ())}
    return table | {_letters(name): name for name in reversed(names)}
