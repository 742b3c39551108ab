"""Types of `early_terminate` for populations: their keys, what is explored, what is refused."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field

from tune_mc1.config.early_terminate import EarlyTerminate
from tune_mc1.config.field_types import Int, Number
from tune_mc1.config.parameters import Constant, Parameter, SameAs, listed_values
from tune_mc1.config.problems import Problem
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial, trial_fields
from tune_mc1.config.trial_parameters import PARAMETERS
from tune_mc1.config.validation import Folds
from tune_mc1.planning.exchanges import NETWORK, members_of_quantile, network_key

CHANGEABLE = (
    *("learning_rate", "weight_decay", "momentum", "label_smoothing", "dropout_p", "clip_grad"),
    *("mixup_alpha", "cutmix_alpha", "random_erasing_p", "rand_augment_magnitude"),
    *("color_jitter_brightness", "color_jitter_contrast", "color_jitter_saturation"),
    "color_jitter_hue",
)
"""Parameters that can change during a training: neither the network's shape, nor the state of the
optimiser, nor the number of steps depends on them."""

OWN = ("seed", "epochs")
"""Parameters that stay with their trial."""


class PopulationBased(EarlyTerminate):
    """A population that exchanges weights and settings, with the key names of Ray Tune.

    Attributes:
        perturbation_interval: Epochs between two exchanges.
        burn_in_period: Epochs before which there is none.
        quantile_fraction: Share of the trials that copy another one, and of those that are copied.
        synch: Whether trials wait for each other; always true.
    """

    does: ClassVar[str] = "lets poor trials go on with weights and settings of good ones"

    perturbation_interval: Int = Field(default=2, ge=1)
    burn_in_period: Int = Field(default=0, ge=0)
    quantile_fraction: Number = Field(default=0.25, gt=0, le=0.5)
    synch: Literal[True] = True

    def epochs(self, longest: int) -> list[int]:
        """Epochs after which trials exchange.

        Args:
            longest: Epochs of all trials; there is no exchange after the last one.
        """
        every = range(self.perturbation_interval, longest, self.perturbation_interval)
        return [epoch for epoch in every if epoch >= self.burn_in_period]

    def explored(self, sweep: Sweep) -> dict[str, Parameter]:
        """Parameters that are explored: by default, all that can change (`changeable`)."""
        return changeable(sweep)

    def copied(self, sweep: Sweep) -> list[str]:
        """Parameters that vary and are copied with the weights, as they are."""
        stay = {*OWN, *NETWORK, *PARAMETERS, "batch_norm", *self.explored(sweep)}
        known = trial_fields()
        return [name for name in varied(sweep) if name in known and name not in stay]

    def problem(self, longest: int) -> Problem | None:
        """Explains why there would be no exchange; None if there is one."""
        if self.epochs(longest):
            return None
        late = self.perturbation_interval < longest
        name = "burn_in_period" if late else "perturbation_interval"
        rule = f"leaves no exchange before the last epoch ({longest})"
        return Problem(("early_terminate", name), rule, getattr(self, name))

    def unfit(self, sweep: Sweep) -> Problem | None:
        """Explains why the trials of a sweep could not exchange weights; None if they can."""
        return next(self.problems(sweep), None)

    def problems(self, sweep: Sweep) -> Iterator[Problem]:
        """All reasons why the trials of a sweep could not exchange weights."""
        here, own = ("early_terminate", "type"), self.type
        if isinstance(sweep, ProgramSweep):
            rule = f"is for built-in training, as a {sweep.kind} takes its settings only at its"
            yield Problem(here, f"{rule} start; asha_promote goes on from checkpoints too", own)
            return
        if sweep.search.learns:
            rule = "changes settings itself, so it is for grid and random, not for"
            yield Problem(here, f"{rule} {sweep.search.name}", own)
        if not isinstance(sweep.parameters.get("epochs", Constant(value=1)), Constant):
            yield Problem(("parameters", "epochs"), f"must be the same in all trials for {own}")
        if isinstance(sweep.validation, Folds):
            rule = f"must be a holdout or test for {own}, as weights would cross folds, got folds"
            yield Problem(("validation",), rule)
        if sweep.replicates > 1:
            rule = f"must be 1 for {own}, whose trials depend on each other (another search_seed"
            yield Problem(("replicates",), f"{rule} gives another sweep)", sweep.replicates)
        if not self.explored(sweep):
            yield Problem(here, self.nothing_to_explore, own)
        counts = [n for n in (sweep.search.count(sweep), sweep.run_cap) if n is not None]
        if counts and min(counts) < 2:
            yield Problem(("run_cap",), f"must be at least 2 for {own}", min(counts))

    @property
    def nothing_to_explore(self) -> str:
        """Rule for a sweep without an explored parameter."""
        return (
            f"has nothing to explore: none of {', '.join(CHANGEABLE[:5])}, ... varies in parameters"
        )

    def notice(self, sweep: Sweep) -> str | None:
        """Which parameters are explored, which are copied, and which stay."""
        if isinstance(sweep, ProgramSweep):
            return None
        explores, copies = list(self.explored(sweep)), self.copied(sweep)
        line = f"early_terminate: {self.type} explores {', '.join(explores)}"
        line += f"; copied with the weights: {', '.join(copies)}" if copies else ""
        own = [n for n in varied(sweep) if n not in explores and n not in copies and n not in OWN]
        if own:
            line += f"; trials exchange weights only where they agree in {', '.join(own)}"
        return line

    def changes(self, sweep: Sweep) -> Sequence[str]:
        """Parameters that are explored, and those that are copied."""
        return (*self.explored(sweep), *self.copied(sweep))

    def exchanges(self, sweep: Sweep, trials: Sequence[Trial]) -> dict[str, Any]:
        """Epochs of the exchanges, and how many trials copy at each, of each population."""
        sizes: dict[Any, int] = {}
        for trial in trials:
            key = network_key(trial.config)
            sizes[key] = sizes.get(key, 0) + 1
        return {
            "epochs": self.epochs(sweep.longest_epochs),
            "populations": [
                {"trials": n, "copy": members_of_quantile(n, self.quantile_fraction)}
                for n in sizes.values()
            ],
            "explored": list(self.explored(sweep)),
            "copied": self.copied(sweep),
        }


def changeable(sweep: Sweep) -> dict[str, Parameter]:
    """Parameters that vary, can change during a training, and on which no other one depends."""
    owners: set[str] = set()
    for parameter in sweep.parameters.values():
        owners.update(parameter.when or ())
        owners.update([parameter.same_as] if isinstance(parameter, SameAs) else ())
    return {
        name: parameter
        for name, parameter in varied(sweep).items()
        if name in CHANGEABLE and name not in owners and not isinstance(parameter, SameAs)
    }


def varied(sweep: Sweep) -> dict[str, Parameter]:
    """Parameters that have more than one value."""
    return {
        name: parameter
        for name, parameter in sweep.parameters.items()
        if not isinstance(parameter, Constant) and len(listed_values(parameter)) != 1
    }
