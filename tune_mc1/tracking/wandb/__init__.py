"""Weights & Biases: one run per trial, written by a separate process.

Importing this must stay cheap, as every command does. `wandb` is always W&B's own package here:
`tune_mc1.tracking` is never on the search path of modules.
"""

from typing import TYPE_CHECKING

from tune_mc1.tracking.tracker import TRACKERS, Launch, Notify, Tracker

if TYPE_CHECKING:
    from tune_mc1.results.directory import ResultDir


def set_up(mode: str | None) -> Launch | None:
    """The tracker in the mode of `--wandb`, else of W&B's own settings; None if it is disabled.

    Raises:
        InputError: For a mode that does not exist, or online without an API key.
    """
    from tune_mc1.tracking.wandb.mode import choose_mode

    chosen = choose_mode(mode)
    if chosen == "disabled":
        return None

    def launch(where: "ResultDir", notify: Notify) -> Tracker:
        from tune_mc1.tracking.wandb.mirror import WandbMirror

        return WandbMirror(where, chosen, notify)

    return launch


TRACKERS.register("wandb", set_up)
