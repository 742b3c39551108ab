"""When a sweep's budget is used up, and what it buys."""

import math
from typing import Any

from tune_mc1.config.budget import Budget
from tune_mc1.planning.spent import Spent

EPOCHS = "budget.epochs: "
"""How the reasons begin with which a sweep ends with its budget of epochs."""


def used_up(budget: Budget | None, spent: Spent, now: float, underway: int = 0) -> str | None:
    """Why a sweep has no budget left; None if it has.

    Args:
        budget: The budget; None for no limit.
        spent: What the sweep has spent.
        now: The present time in seconds since 1970.
        underway: Epochs that are certain to be spent, beside those in `spent`.
    """
    if budget is None:
        return None
    if budget.time is not None and spent.seconds(now) >= budget.time:
        return f"budget.time: {duration(budget.time)} are used up"
    if budget.epochs is not None and spent.epochs + underway >= budget.epochs:
        return f"{EPOCHS}{_so_far(budget.epochs, spent.epochs)}"
    if budget.cost is not None and spent.cost(now) >= budget.cost:
        return f"budget.cost: {budget.cost:g} is used up, at {budget.price:g} an hour"
    return None


def epochs_left(budget: Budget | None, spent: Spent, underway: int) -> float:
    """Epochs that a budget has left; infinite without a limit.

    Args:
        budget: The budget; None for no limit.
        spent: What the sweep has spent.
        underway: Epochs that are certain to be spent, beside those in `spent`.
    """
    if budget is None or budget.epochs is None:
        return math.inf
    return max(0, budget.epochs - spent.epochs - underway)


def settled(budget: Budget, spent: Spent) -> str:
    """Why a sweep has ended with its budget of epochs, once no trial runs any more.

    They are fewer than the budget if a trial failed or diverged in one of the last.
    """
    part = "" if spent.epochs == budget.epochs else f"{spent.epochs} of "
    return f"{EPOCHS}{part}{budget.epochs} are used up"


def _so_far(limit: int, ran: int) -> str:
    """What is known while trials run; `settled` says what came of it."""
    return f"{limit} are used up" if ran >= limit else f"the last of {limit} have begun"


def buys(budget: Budget, epochs: int, seconds: float | None, trials: int) -> dict[str, Any]:
    """What a budget buys of a sweep.

    Args:
        budget: The budget.
        epochs: Epochs of the whole sweep, at most.
        seconds: Its forecast duration; None if it is not known.
        trials: Number of its trials.

    Returns:
        Plain data: `limits`, and if they can be told `epochs`, `trials` (about how many run to
        their end), `share` of the whole sweep in [0, 1], and `limit`, the name of the limit that is
        reached first, or None if the budget is enough.
    """
    shares: dict[str, float] = {}
    if budget.epochs is not None and epochs:
        shares["epochs"] = budget.epochs / epochs
    if seconds and budget.time is not None:
        shares["time"] = budget.time / seconds
    if seconds and budget.cost is not None and budget.price is not None:
        shares["cost"] = budget.cost / budget.price * 3600 / seconds
    facts: dict[str, Any] = {"limits": dict(budget.limits)}
    if not shares:
        return facts
    first = min(shares, key=lambda name: shares[name])
    share = min(1.0, shares[first])
    limit = first if shares[first] < 1 else None
    # Not the product for a limit of epochs: in floating point it may be just below the limit.
    bought = budget.epochs if limit == "epochs" else int(epochs * share)
    found = {"epochs": bought, "trials": int(trials * share)}
    return facts | found | {"share": share, "limit": limit}


def duration(seconds: float) -> str:
    """A duration as a budget gives it, such as `1h30m`."""
    text, left = "", round(seconds)
    for unit, size in (("h", 3600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        text += f"{count}{unit}" if count else ""
    return text or "0s"
