"""Weights & Biases: one run per trial, written by a separate process.

Importing this must stay cheap, as every command does. Here `wandb` always means W&B's own package,
as `tune_mc1.tracking` is never on the module search path.
"""

from typing import TYPE_CHECKING

from tune_mc1.tracking.tracker import TRACKERS, Launch, Notify, Tracker

if TYPE_CHECKING:
    from tune_mc1.results.directory import ResultDir


def set_up(mode: str | None) -> Launch | None:
    """Launch function for the mode of `--wandb` or W&B's own settings; None if disabled.

    Raises:
        InputError: If the mode does not exist, or is online without an API key.
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
