"""Hyperparameter sweeps for image classifiers on Ray."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tune_mc1.programs.report_file import report

__all__ = ["report"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Imports a member of the public interface on first use."""
    if name == "report":
        from tune_mc1.programs.report_file import report

        return report
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
