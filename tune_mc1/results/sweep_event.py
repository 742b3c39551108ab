"""The event `sweep` of a journal: metadata of the sweep."""

from typing import Any, Literal, Required, TypedDict


class Stamped(TypedDict, total=False):
    """Fields of every event.

    Attributes:
        time: Seconds since 1970, added by `ResultWriter`.
    """

    time: float


SweepsBefore = TypedDict("SweepsBefore", {"from": list[str]}, total=False)
"""The field `from`: names of the directories of earlier sweeps; absent without `--from`."""


class SweepEvent(Stamped, SweepsBefore, total=False):
    """Metadata of a sweep. Older journals lack some fields.

    Attributes:
        program: A program's command line, with its macros; absent in our own training.
        parameters: Kinds of a program's parameters, or of those of a network's own, by name
            (`tune_mc1.results.columns`); absent if there are none.
        passes: Trial parameters that the constructor of each network from outside gets.
        recipe: Parameters of the training recipe that the sweep sets; absent if there are none.
        constraints: Limits that its trials keep; absent if there are none.
        objectives: Metrics that it optimises, each with `name` and `goal`; absent if there is one.
        metrics: Metrics that it records beside those of every sweep; absent if there are none.
        conditional: Parameters that some of its trials lack; absent if there are none.
        changing: Parameters that trials exchange while they run; absent if there are none.
        id: Random part of the ids of its runs in W&B.
        group: Their group, the first name of its directory.
        module: Path of the user's LightningModule; absent in other sweeps.
        own_runs: Whether a module logs to W&B by itself.
    """

    event: Required[Literal["sweep"]]
    format: int
    name: str | None
    description: str | None
    project: str | None
    entity: str | None
    method: str | None
    fuse: str | int
    replicates: int
    metric: Required[str]
    maximize: Required[bool]
    data: str
    fingerprint: str
    classes: list[str]
    image_shape: list[int]
    train_images: int
    test_images: int
    val_images: int
    limit_images: float
    scale: float
    validation: Any
    program: str | None
    parameters: dict[str, str]
    passes: dict[str, list[str]]
    recipe: list[str]
    constraints: list[str]
    objectives: list[dict[str, str]]
    metrics: list[str]
    conditional: list[str]
    changing: list[str]
    id: str
    group: str
    module: str
    own_runs: bool
