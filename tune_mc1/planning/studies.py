"""Studies of the reference: sweep files that are run by name, in full or scaled down."""

import math
from collections.abc import Collection
from pathlib import Path
from typing import Any

from tune_mc1.config.load import load_sweep
from tune_mc1.config.method import search_name
from tune_mc1.config.parameters import Constant
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import TrialConfig
from tune_mc1.errors import InputError, did_you_mean
from tune_mc1.files import shipped

STUDIES = (
    "single_batch",
    "first_grid",
    "estimation_error",
    "layers_and_units",
    "layers_and_units_long",
    "complexity",
    "regularisation",
    "batch_norm",
    "batch_norm_long",
    "adam",
    "larger_models",
)
"""Names of the studies, in the order of the reference's slides."""


def study_file(name: str) -> Path:
    """The sweep file of a study: `configs/studies/<name>.yaml`.

    Raises:
        InputError: If there is no such study.
    """
    if name not in STUDIES:
        hint = did_you_mean(name, [*STUDIES, "list", "all"])
        raise InputError(
            f"study: must be list, all, or one of {', '.join(STUDIES)}{hint}, got {name!r}"
        )
    file = shipped(f"studies/{name}.yaml")
    assert file is not None, f"configs/studies/{name}.yaml is not installed"
    return file


def study_rows() -> list[dict[str, Any]]:
    """Rows of `study list`: name, method, settings, epochs and slides of each study."""
    rows = []
    for name in STUDIES:
        sweep = load_sweep(study_file(name)).sweep
        settings, early = sweep.search.count(sweep), sweep.early_terminate
        folds = getattr(sweep.validation, "folds", 1)
        rows.append(
            {
                "study": name,
                "method": search_name(sweep.method, early.type if early else None),
                "trials": (settings or 0) * folds,
                "epochs": sweep.longest_epochs,
                "description": sweep.description,
                "slides": list(sweep.reference.slides) if sweep.reference else [],
            }
        )
    return rows


def as_published(sweep: Sweep) -> Sweep:
    """Returns the sweep as in the reference: validated on test images, batches never shuffled."""
    parameters = {**sweep.parameters, "shuffle": Constant(value=False)}
    folds = getattr(sweep.validation, "folds", None)
    validation = sweep.validation if folds else "test"
    return sweep.model_copy(update={"parameters": parameters, "validation": validation})


def scaled(sweep: Sweep, scale: float, keep: Collection[str] = ()) -> Sweep:
    """Scales down a study to a fraction of its work, the product of images, epochs and settings.

    All quantities that can be reduced are scaled by the same factor: the images (unless the study
    trains on a few batches anyway), the epochs, and the settings of a random search.

    Args:
        sweep: The study.
        scale: Fraction of the work, in (0, 1].
        keep: Names set by the user, which are not scaled: any of `epochs`, `run_cap` and
            `limit_images`.

    Raises:
        InputError: If `scale` is outside (0, 1].
    """
    if not 0 < scale <= 1:
        raise InputError(f"--scale: must be greater than 0 and at most 1, got {scale:g}")
    if scale == 1:
        return sweep
    fixed = sweep.parameters.get("overfit_batches")
    shrinks = {
        "limit_images": not (isinstance(fixed, Constant) and fixed.value),
        "epochs": True,
        "run_cap": sweep.search.needs_run_cap,
    }
    names = [name for name, can in shrinks.items() if can and name not in keep]
    factor = scale ** (1 / max(1, len(names)))
    update: dict[str, Any] = {"scale": scale}
    if "limit_images" in names:
        update["limit_images"] = sweep.limit_images * factor
    if "epochs" in names:
        update["parameters"] = {**sweep.parameters, "epochs": _fewer_epochs(sweep, factor)}
    if "run_cap" in names and sweep.run_cap is not None:
        update["run_cap"] = max(2, round(sweep.run_cap * factor))
    return sweep.model_copy(update=update)


def _fewer_epochs(sweep: Sweep, factor: float) -> Any:
    epochs = sweep.parameters.get("epochs", Constant(value=TrialConfig().epochs))
    if not isinstance(epochs, Constant):
        return epochs
    return Constant(value=max(1, math.floor(epochs.value * factor + 0.5)))
