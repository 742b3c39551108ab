"""Events of sweeps that grow, shrink, start from earlier ones, or end early."""

from typing import Any, Literal, NotRequired, Required

from tune_mc1.results.sweep_event import Stamped

ENDING = "ending"
"""Field of a sweep's metadata: why it ended early, until it goes on."""

NO_SETTING_LEFT = "search space: there is no further setting"
"""Why a sweep has ended that learns, and whose settings have all been tried."""

TESTED = "tested"
"""Field of a sweep's metadata: columns of what a module's test of the winner gave, by trial."""

OUTDATED = "tested_before"
"""Field of a sweep's metadata: trials whose test scores are older than its growth, as long as no
new winner is scored; absent if there are none."""


class GrowEvent(Stamped, total=False):
    """The sweep has other trials than before; fields of the event `sweep` that differ are here too.

    Attributes:
        sweep: The sweep from now on, as YAML (`tune_mc1.config.load.config_to_yaml`).
        changes: Lines `path.to.field: was X, is Y`.
        request: Id of the request that made it grow while it ran, if one did.
    """

    event: Required[Literal["grow"]]
    request: str
    sweep: Required[str]
    changes: Required[list[str]]
    replicates: int
    parameters: dict[str, str]
    passes: dict[str, list[str]]
    recipe: list[str]


class DropEvent(Stamped):
    """A trial that had not ended does not belong to the sweep any more."""

    event: Literal["drop"]
    trial: str


class TakenEvent(Stamped):
    """A trial was not run, as an earlier sweep has run the same one.

    Attributes:
        source: Name of that sweep's directory.
        of: Id of its trial.
        row: Columns of its row.
        history: Rows of its epochs.
    """

    event: Literal["taken"]
    trial: str
    source: str
    of: str
    row: dict[str, Any]
    history: list[dict[str, Any]]


class EvidenceEvent(Stamped):
    """A trial of an earlier sweep from which the search learns.

    Attributes:
        trial: Name of that sweep's directory, and the trial's id.
        source: Name of that directory.
        setting: Values of the sweep's parameters by name.
        values: The metric by epoch, as pairs.
        value: Its final value; null if the trial failed or diverged.
        epochs: Epochs that it ran.
        metrics: Final values of all metrics.
        whole: Whether a trial of this sweep with the same setting would have the same result.
    """

    event: Literal["evidence"]
    trial: str
    source: str
    setting: dict[str, Any]
    values: list[list[float]]
    value: float | None
    epochs: int
    metrics: dict[str, float]
    whole: NotRequired[bool]


class AgainEvent(Stamped):
    """A failed trial is to run again.

    Attributes:
        why: What failed it and may have changed, or the flag that says so.
    """

    event: Literal["again"]
    trial: str
    why: str


class EnoughEvent(Stamped):
    """The sweep ends before all of its trials have ended, as its file says.

    Attributes:
        reason: The key of the file, and why.
    """

    event: Literal["enough"]
    reason: str


class PriceEvent(Stamped):
    """What an hour costs from now on, in the currency of the budget."""

    event: Literal["price"]
    an_hour: float
