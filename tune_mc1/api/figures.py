"""Figures and pages of the report, from Python."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from tune_mc1.api.display import shown_inline
from tune_mc1.config.field_types import Lang
from tune_mc1.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(directory: Path, name: str, lang: Lang) -> "Figure":
    """Draws a figure of a sweep; see `Sweep.plot`."""
    _check(lang)
    with _extra("plot"):
        from tune_mc1.reporting.figure_sets import make_figures
        from tune_mc1.reporting.frames import read_frames
    figures = make_figures(read_frames(directory), lang)
    found = [spec for spec in figures if spec.name == name]
    found += [spec for spec in figures if spec.name.startswith(name)]
    if found:
        return shown_inline(found[0].figure())
    names = [spec.name for spec in figures]
    rule = f"must be one of {', '.join(names)}" if names else " ".join(figures.left_out)
    raise InputError(f"plot: {rule}{did_you_mean(name, names)}, got {name!r}")


def write(directory: Path, output: Path | None, lang: Lang) -> Path:
    """Writes a report; see `Sweep.report`."""
    _check(lang)
    with _extra("report"):
        from tune_mc1.reporting.write_report import write_report
    return write_report([directory], output, lang)


def _check(lang: Lang) -> None:
    if lang not in (known := get_args(Lang)):
        raise InputError(f"lang: must be {' or '.join(known)}, got {lang!r}")


@contextmanager
def _extra(what: str) -> Iterator[None]:
    """Says which extra is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        rule = f"{what}: requires the extra `report` (no module {error.name})"
        raise InputError(f"{rule}: pip install 'tune_mc1[report]'") from None
