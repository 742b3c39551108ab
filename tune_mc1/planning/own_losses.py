"""Losses of the user's own in a plan: that they can be imported."""

from tune_mc1.config.losses import own_loss_problem, takes_soft_labels
from tune_mc1.config.parameters import Constant, listed_values
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.user_code import is_user_code, look_in
from tune_mc1.errors import InputError
from tune_mc1.planning.outside_models import Place


def check_losses(sweep: Sweep, place: Place) -> None:
    """Imports the losses that are the user's own.

    Args:
        sweep: The sweep.
        place: Names the place of a parameter.

    Raises:
        InputError: If one cannot be imported, or is no function or class.
    """
    parameter = sweep.parameters.get("loss_function")
    names = listed_values(parameter)
    if not any(map(is_user_code, names)):
        return
    look_in(sweep.import_from)
    single = isinstance(parameter, Constant)
    lines = [
        f"{place(('loss_function', *(('value',) if single else ('values', i))))}: {problem}, "
        f"got {name!r}"
        for i, name in enumerate(names)
        if (problem := own_loss_problem(name))
    ]
    for name in ("mixup_alpha", "cutmix_alpha"):
        alphas = listed_values(sweep.parameters.get(name)) or (0, 1)
        if name in sweep.parameters and any(alphas) and not lines:
            lines += [
                f"{place((name,))}: not valid with loss_function {loss}, which takes no "
                "probabilities as labels (soft_labels = True says that it does)"
                for loss in names
                if not takes_soft_labels(loss)
            ]
    if lines:
        raise InputError(lines)
