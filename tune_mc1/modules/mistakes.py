"""Errors of `Trainer.fit` that another attempt would only repeat."""

import traceback

from lightning.fabric.utilities.exceptions import MisconfigurationException

_REFUSED_BY = ("lightning", "pytorch_lightning", "lightning_fabric", "torchmetrics")
"""Packages whose own `raise` is about how a module is written, not about what happens to it."""

_IN_THE_CODE = (
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    NameError,
    TypeError,
    ValueError,
)
"""Kinds of errors that come of code and settings. A `RuntimeError` may be the machine's, too."""


def is_refused(error: BaseException) -> bool:
    """Whether Lightning or torchmetrics refuses how the module is written or set."""
    if isinstance(error, MisconfigurationException):
        return True
    if isinstance(error, OSError) or not (frames := traceback.extract_tb(error.__traceback__)):
        return False
    last = frames[-1]
    raised = (last.line or "").startswith("raise ")  # not what an operation raised in that line
    return raised and any(f"/site-packages/{one}/" in last.filename for one in _REFUSED_BY)


def would_repeat(error: BaseException, *, stepped: bool) -> bool:
    """Whether another attempt at a trial would end with the same error.

    Args:
        error: The error.
        stepped: Whether the module had trained a batch in this attempt. After that, an error may
            be due to the data or to what else happened meanwhile.
    """
    if is_refused(error) or isinstance(error, NotImplementedError):
        return True
    return not stepped and isinstance(error, _IN_THE_CODE) and not isinstance(error, OSError)
