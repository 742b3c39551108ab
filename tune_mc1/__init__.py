"""Hyperparameter sweeps for image classifiers on Ray.

`sweep` runs a sweep, `open` reads its results; `docs/python.md` shows both. Programs that a sweep
runs report their metrics by `report`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tune_mc1.api.opening import open_sweep as open
    from tune_mc1.api.start import start_sweep as sweep
    from tune_mc1.api.sweep import Sweep
    from tune_mc1.api.trial import Trial
    from tune_mc1.errors import InputError, TrialError, TuneMc1Error
    from tune_mc1.inference.image_classifier import ImageClassifier
    from tune_mc1.inference.predictions import Predictions
    from tune_mc1.programs.report_file import report

__all__ = [
    "ImageClassifier",
    "InputError",
    "Predictions",
    "Sweep",
    "Trial",
    "TrialError",
    "TuneMc1Error",
    "__version__",
    "open",
    "report",
    "sweep",
]
__version__ = "0.1.0"

_MEMBERS = {
    "ImageClassifier": "tune_mc1.inference.image_classifier:ImageClassifier",
    "InputError": "tune_mc1.errors:InputError",
    "Predictions": "tune_mc1.inference.predictions:Predictions",
    "Sweep": "tune_mc1.api.sweep:Sweep",
    "Trial": "tune_mc1.api.trial:Trial",
    "TrialError": "tune_mc1.errors:TrialError",
    "TuneMc1Error": "tune_mc1.errors:TuneMc1Error",
    "open": "tune_mc1.api.opening:open_sweep",
    "report": "tune_mc1.programs.report_file:report",
    "sweep": "tune_mc1.api.start:start_sweep",
}
"""Where each member of the public interface is; it is imported when it is first used."""


def __getattr__(name: str) -> Any:
    """Imports a member of the public interface on first use."""
    if name not in _MEMBERS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, member = _MEMBERS[name].partition(":")
    found = globals()[name] = getattr(import_module(module), member)
    return found


def __dir__() -> list[str]:
    """The public interface."""
    return sorted(__all__)
