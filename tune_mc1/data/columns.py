"""Columns of images and labels in a table, and labels as class numbers."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tune_mc1.data.images import Labels
from tune_mc1.errors import DataError, did_you_mean

IMAGE_NAMES = ("image", "img")
PATH_NAMES = (*IMAGE_NAMES, "path", "file", "filename", "file_name", "filepath", "image_path")
LABEL_NAMES = ("label", "labels", "class", "class_name", "target", "category")


def pick_column(
    key: str, given: str | None, columns: Sequence[str], usual: Sequence[str], file: Path
) -> str:
    """The column that `data:` names, or the only one with a usual name.

    Args:
        key: Key in `data:` that names it: `image` or `label`.
        given: Its value; None if the sweep does not name the column.
        columns: All columns of the file.
        usual: Usual names; those of label columns also as endings, as in `fine_label`.
        file: The file, for messages.

    Raises:
        DataError: If there is no such column, or several.
    """
    if given is not None:
        if given not in columns:
            rule = f"must be a column of {file} ({', '.join(columns)})"
            raise DataError(f"data.{key}: {rule}, got {given!r}{did_you_mean(given, columns)}")
        return given
    found = [name for name in columns if _is_usual(name, key, usual)]
    if len(found) == 1:
        return found[0]
    has = f"has {', '.join(found or columns)}" if columns else "has no columns"
    what = "one of its columns" if not found else f"one of its {len(found)} {key} columns"
    example = f"`data: {{path: {file}, {key}: {(found or ['NAME'])[0]}}}`"
    raise DataError(f"{file}: must name {what} in the sweep file, as in {example}; it {has}")


def _is_usual(name: str, key: str, usual: Sequence[str]) -> bool:
    lower = name.lower()
    return lower in usual or (key == "label" and lower.endswith(("_label", "_labels")))


def class_numbers(
    values: Sequence[Sequence[Any]], names: Sequence[str] = ()
) -> tuple[list[Labels], tuple[str, ...]]:
    """Labels as class numbers, with the names of the classes.

    Args:
        values: Labels of each split: integers, or text.
        names: Names of the classes of integer labels, if known.

    Returns:
        int64 (N,) of each split; and the names: of text in its order, or else `names`.
    """
    if not any(isinstance(value, str) for own in values for value in own[:1]):
        return [np.asarray(own, np.int64) for own in values], tuple(names)
    known = sorted({str(value) for own in values for value in own})
    if all(name.isdecimal() for name in known):
        known.sort(key=int)
    index = {name: i for i, name in enumerate(known)}
    labels = [np.array([index[str(value)] for value in own], np.int64) for own in values]
    return labels, tuple(known)


UNLABELLED = -1
"""Label of images whose class is not published, as in test splits of Hugging Face."""


def without_unlabelled(
    rows: Mapping[str, list[Any]], notify: Callable[[str], None]
) -> dict[str, list[Any]]:
    """The splits that have labels: without those, besides `train`, in which every label is -1.

    Args:
        rows: Labels of each split.
        notify: Called with a notice for each split that is left out.
    """
    kept = {}
    for split, labels in rows.items():
        if split != "train" and labels and all(label == UNLABELLED for label in labels):
            notify(f"ignored the {len(labels):,} {split} images, whose labels are all -1 (unknown)")
        else:
            kept[split] = labels
    return kept


def without_unused(
    labels: Sequence[Labels], names: tuple[str, ...], notify: Callable[[str], None]
) -> tuple[list[Labels], tuple[str, ...]]:
    """Labels and names of the classes that have images in any split.

    The metadata of a data set from which classes were taken out still names them.

    Args:
        labels: Class numbers of each split.
        names: Names of all classes; empty if they are not known.
        notify: Called with a notice of those that are left out.
    """
    used = np.unique(np.concatenate(labels))
    if not len(used) or not 0 <= used[0] <= used[-1] < len(names) or len(used) == len(names):
        return list(labels), names
    unused = [name for i, name in enumerate(names) if i not in set(used.tolist())]
    listed = ", ".join(unused[:3]) + (", ..." if unused[3:] else "")
    notify(f"ignored classes without images: {listed}")
    return [np.searchsorted(used, own) for own in labels], tuple(names[i] for i in used)
