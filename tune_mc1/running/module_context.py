"""Settings that all trials of a module's sweep share."""

from collections.abc import Callable
from dataclasses import dataclass

from tune_mc1.config.module_sweep import ModuleSweep
from tune_mc1.running.own_context import OwnContext


@dataclass(frozen=True, kw_only=True)
class ModuleContext(OwnContext):
    """Settings that all trials of a module's sweep share.

    Attributes:
        trust: Whether checkpoints may hold more than data.
        sent: Directory of the user's machine whose copy is the current directory of trials on a
            cluster; None if they run on that machine.
    """

    trust: bool = False
    sent: str | None = None

    @property
    def trainable(self) -> Callable[..., None]:
        """Trains a trial."""
        from tune_mc1.running.module_worker import train_in_tune

        return train_in_tune

    @property
    def module_sweep(self) -> ModuleSweep:
        """The sweep."""
        assert isinstance(self.sweep, ModuleSweep)
        return self.sweep
