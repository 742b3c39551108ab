"""`asha_promote`: asynchronous successive halving that pauses and promotes."""

from typing import Literal

from tune_mc1.config.early_terminate import register_early_terminate
from tune_mc1.planning.promotion import PromotingRungs
from tune_mc1.planning.schedulers.asha import Halving


@register_early_terminate("asha_promote")
class PromotingHalving(Halving):
    """Asynchronous successive halving as published (`tune_mc1.planning.promotion`).

    A trial pauses at its rung, with its checkpoint, and goes on when it is among the best there; in
    `asha`, it is stopped for good or goes on as it arrives.

    Attributes:
        type: `asha_promote`.
    """

    type: Literal["asha_promote"]

    def scheduler(self, longest: int) -> PromotingRungs:
        """Builds empty rungs."""
        return PromotingRungs(self.rung_epochs(longest), self.eta)
