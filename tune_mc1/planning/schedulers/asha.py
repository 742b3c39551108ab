"""`asha`: asynchronous successive halving."""

from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from tune_mc1.config.early_terminate import EarlyTerminate, register_early_terminate
from tune_mc1.config.field_types import Int, Number
from tune_mc1.config.problems import Problem
from tune_mc1.planning.rungs import Rungs, survivors

MOST_RUNGS = 100
"""Maximum number of rungs, as in W&B."""


class Halving(EarlyTerminate):
    """Rungs at which trials are compared, with W&B's key names.

    Attributes:
        min_iter: Epoch of the first rung (Ray: grace_period); each later one is eta times as far.
            As in W&B, it is not used where s and max_iter are given, and s is not used beside it.
        s: With max_iter instead of min_iter: the number of rungs, counted back from max_iter.
        max_iter: Epoch from which rungs are counted back: max_iter / eta, max_iter / eta^2, ...
        eta: Reduction factor (Ray: reduction_factor), greater than 1: about one trial in eta
            continues at each rung.
    """

    min_iter: Int | None = Field(default=None, ge=1)
    s: Int | None = Field(default=None, ge=1, le=100)
    max_iter: Int | None = Field(default=None, ge=1)
    eta: Number = Field(default=3, gt=1, le=1e6)

    @model_validator(mode="before")
    @classmethod
    def _first_rung(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        given = {"min_iter", "s", "max_iter"} & data.keys()
        if not given:
            return {**data, "min_iter": 1}
        if given == {"min_iter", "s", "max_iter"}:
            first = data["min_iter"]
            if type(first) is not int or first < 1:
                raise ValueError(
                    f"min_iter must be at least 1, also where it is not used, got {first}"
                )
            return {key: value for key, value in data.items() if key != "min_iter"}
        if given == {"min_iter", "s"}:
            return {key: value for key, value in data.items() if key != "s"}
        return data

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        back = [k for k in ("s", "max_iter") if getattr(self, k) is not None]
        if self.min_iter is not None and back:
            raise ValueError("max_iter requires s too, also beside min_iter, as in W&B")
        if self.min_iter is None and len(back) == 1:
            other = "max_iter" if back == ["s"] else "s"
            raise ValueError(
                f"{back[0]} requires {other} too (or use only min_iter), got only {back[0]}"
            )
        return self

    def rung_epochs(self, longest: int, bracket: int = 0) -> tuple[int, ...]:
        """Epochs of the rungs of a bracket.

        Args:
            longest: Epochs of the longest trial. A rung at or after it would have no effect.
            bracket: Index of the bracket, from 0; each one skips one more of the first rungs.

        Returns:
            Epochs, ascending, all below `longest`: `min_iter * eta**k`, or `max_iter / eta**k` for
            k from 1 to s, rounded down, as in W&B.
        """
        found: dict[int, None] = {}
        if self.min_iter is not None:
            rung: float = self.min_iter
            for _ in range(MOST_RUNGS):
                if rung < longest:
                    found[int(rung)] = None
                rung *= self.eta
        else:
            last, count = self.max_iter or 1, self.s or 1
            back = (int(last / self.eta**k) for k in range(count, 0, -1))
            found = {rung: None for rung in back if 1 <= rung < longest}
        return tuple(found)[bracket:]

    def brackets_of(self, longest: int) -> list[tuple[int, ...]]:
        """Rungs of each bracket (`rung_epochs`), of which there is one."""
        return [self.rung_epochs(longest)]

    def bracket_sizes(self, trials: int, brackets: Sequence[Sequence[int]]) -> list[int]:
        """Number of trials of each bracket, for an outline."""
        return [trials // len(brackets)] * len(brackets)

    def problem(self, longest: int) -> Problem | None:
        """Explains why there is no rung; None if there is one."""
        if self.rung_epochs(longest):
            return None
        if self.min_iter is not None:
            rule = (
                f"must be less than the epochs of the longest trial ({longest}; Ray: grace_period)"
            )
            return Problem(("early_terminate", "min_iter"), rule, self.min_iter)
        rule = (
            f"leaves no rung: max_iter / eta^k (k = 1 to s) must be at least 1 and less than the "
            f"epochs of the longest trial ({longest}) for some k"
        )
        return Problem(("early_terminate", "max_iter"), rule, self.max_iter)

    def dry_run_rows(self, trials: int, longest: int) -> list[dict[str, int]]:
        """Rungs of each bracket, and the number of trials that reach them at the nominal rate."""
        rows, brackets = [], self.brackets_of(longest)
        sizes = self.bracket_sizes(trials, brackets)
        for bracket, (rungs, size) in enumerate(zip(brackets, sizes, strict=True)):
            counts = survivors(size, rungs, self.eta)
            rows += [
                {"bracket": bracket, "epoch": epoch, "trials": count}
                for epoch, count in zip((*rungs, longest), counts, strict=True)
            ]
        return rows


@register_early_terminate("asha")
class SuccessiveHalving(Halving):
    """Asynchronous successive halving (`tune_mc1.planning.rungs`).

    Attributes:
        type: `asha`.
        brackets: Number of brackets to which trials are assigned; each starts one rung later.
    """

    type: Literal["asha"]
    brackets: Int = Field(default=1, ge=1, le=20)

    def brackets_of(self, longest: int) -> list[tuple[int, ...]]:
        """Rungs of each bracket (`rung_epochs`)."""
        return [self.rung_epochs(longest, bracket) for bracket in range(self.brackets)]

    def scheduler(self, longest: int) -> Rungs:
        """Builds empty rungs."""
        return Rungs(self.brackets_of(longest), self.eta)

    @property
    def fixes_epochs(self) -> str | None:
        """Trials are assigned to brackets by their number of rungs, which depends on the epochs."""
        return "it is fixed with several brackets" if self.brackets > 1 else None
