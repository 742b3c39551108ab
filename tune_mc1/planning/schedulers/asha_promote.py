"""`asha_promote`: asynchronous successive halving that pauses and promotes."""

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from tune_mc1.config.early_terminate import register_early_terminate
from tune_mc1.config.field_types import Int
from tune_mc1.config.module_sweep import ModuleSweep
from tune_mc1.config.problems import Problem
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.sweep import Sweep
from tune_mc1.planning.promotion import PromotingRungs, bracket_weight
from tune_mc1.planning.schedulers.asha import Halving


@register_early_terminate("asha_promote")
class PromotingHalving(Halving):
    """Asynchronous successive halving as published (`tune_mc1.planning.promotion`).

    A trial pauses at its rung, with its checkpoint, and goes on when it is among the best there; in
    `asha`, it is stopped for good or goes on as it arrives.

    Attributes:
        type: `asha_promote`.
        screen_iter: Epoch of one more rung, before `min_iter`; None for none. It halves the cost of
            poor trials without the further rungs that a lower `min_iter` would have, each of which
            loses some of those that start slowly.
        brackets: Number of brackets, of which each starts one rung later than the one before. Their
            sizes have Hyperband's proportions (Li et al. 2018): eta^s / (s + 1) with s rungs.
    """

    type: Literal["asha_promote"]
    screen_iter: Int | None = Field(default=None, ge=1)
    brackets: Int = Field(default=1, ge=1, le=20)

    @model_validator(mode="after")
    def _screened_first(self) -> Self:
        if self.screen_iter is None:
            return self
        if self.min_iter is None:
            raise ValueError("screen_iter requires min_iter, not s and max_iter")
        if self.screen_iter >= self.min_iter:
            raise ValueError(
                f"screen_iter must be less than min_iter ({self.min_iter}), got {self.screen_iter}"
            )
        return self

    def rung_epochs(self, longest: int, bracket: int = 0) -> tuple[int, ...]:
        """As in `asha`, after the rung at `screen_iter`; none if `min_iter` is too late."""
        rungs = super().rung_epochs(longest)
        if self.screen_iter is not None and rungs:
            rungs = (self.screen_iter, *rungs)
        return rungs[bracket:]

    @property
    def compared_from(self) -> int:
        """A model does not learn from the rung at `screen_iter`, where slow starters look poor."""
        return (self.min_iter or 0) if self.screen_iter is not None else 0

    def brackets_of(self, longest: int) -> list[tuple[int, ...]]:
        """Rungs of each bracket (`rung_epochs`)."""
        return [self.rung_epochs(longest, bracket) for bracket in range(self.brackets)]

    def bracket_sizes(self, trials: int, brackets: Sequence[Sequence[int]]) -> list[int]:
        """Number of trials of each bracket on average."""
        weights = [bracket_weight(len(rungs), self.eta) for rungs in brackets]
        return [round(trials * weight / sum(weights)) for weight in weights]

    def unfit(self, sweep: Sweep) -> Problem | None:
        """Explains why trials could not go on from their rungs; None if they can."""
        if isinstance(sweep, ModuleSweep) and sweep.trainer.get("enable_checkpointing") is False:
            rule = "needs checkpoints, so not with trainer.enable_checkpointing: false"
            return Problem(("early_terminate", "type"), rule, self.type)
        return None

    def notice(self, sweep: Sweep) -> str | None:
        """What a program must do to go on from its rung."""
        if not isinstance(sweep, ProgramSweep) or isinstance(sweep, ModuleSweep):
            return None
        return (
            "early_terminate: a promoted trial starts its program again, which goes on if it keeps "
            "its state in TUNE_MC1_CHECKPOINT_DIR, and else begins anew"
        )

    def scheduler(self, longest: int) -> PromotingRungs:
        """Builds empty rungs."""
        return PromotingRungs(self.brackets_of(longest), self.eta)

    @property
    def fixes_epochs(self) -> str | None:
        """As in `asha`."""
        return "it is fixed with several brackets" if self.brackets > 1 else None
