"""Checkpoints as modules."""

from collections.abc import Callable
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

from pydantic import ValidationError

from tune_mc1.config.problems import problems_of
from tune_mc1.errors import InputError, TrialError
from tune_mc1.inference.image_classifier import ImageClassifier, build_classifier
from tune_mc1.training.checkpoint_fit import BACKBONE_PREFIX, check_fit
from tune_mc1.training.checkpoints import read_checkpoint
from tune_mc1.training.model_facts import FACTS, ModelFacts

PREFIX = "model."


Known = Callable[[], ModelFacts | None]
"""Finds out what a trial is whose checkpoint does not say so; None if that is not known."""


def load_classifier(path: Path, known: Known = lambda: None) -> ImageClassifier:
    """Loads the network of a checkpoint.

    Args:
        path: The checkpoint.
        known: What its trial is, for a checkpoint of an older version.

    Raises:
        InputError: If it cannot be read, or is not that of a trial of built-in training.
        TrialError: If its network cannot be built, or has other weights.
    """
    checkpoint = _read(path)
    model = build_classifier(facts_of(checkpoint, path, known))
    saved = {
        name.removeprefix(PREFIX): value
        for name, value in checkpoint["state_dict"].items()
        if name.startswith(PREFIX)
    }
    own = model.network.state_dict()
    backbone = BACKBONE_PREFIX.removeprefix(PREFIX)
    saved = {name: v for name, v in own.items() if name.startswith(backbone)} | saved
    try:
        check_fit(saved, own, model.facts.config.model)
    except TrialError as error:
        raise TrialError(f"{path}: {error}") from None
    model.network.load_state_dict(saved)
    return model.requires_grad_(False)


def _read(path: Path) -> dict[str, Any]:
    try:
        checkpoint = read_checkpoint(path)
    except FileNotFoundError:
        raise InputError(f"{path}: no such checkpoint") from None
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, UnpicklingError) as error:
        reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        raise InputError(f"{path}: cannot be read as a checkpoint: {reason}") from None
    if not isinstance(checkpoint, dict) or "state_dict" not in checkpoint:
        raise InputError(f"{path}: must be a checkpoint of a trial, has no state_dict")
    return checkpoint


def facts_of(checkpoint: dict[str, Any], path: Path, known: Known) -> ModelFacts:
    """What a checkpoint says of its network, or what is known of it.

    Raises:
        InputError: If neither says it, or this version does not know a part of the trial.
    """
    if FACTS not in checkpoint:
        if (facts := known()) is not None:
            return facts
        raise InputError(
            f"{path}: does not describe its network, as an earlier version wrote it; load it by "
            "tune_mc1.open(DIR)[TRIAL].load_model()"
        )
    try:
        (record,) = checkpoint[FACTS]["trials"]
        return ModelFacts.read(record)
    except ValidationError as error:
        raise InputError(f"{path}: {problems_of(error)[0]}") from None
    except (KeyError, TypeError, ValueError):
        raise InputError(f"{path}: what it says of its network is not complete") from None
