"""Test images that the winner got wrong, as one picture, and its confusion matrix.

A process of its own: `python -m tune_mc1.page.mistakes DIR`.
"""

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image
from pyarrow import ArrowException

from tune_mc1.data.on_disk import images_on_disk
from tune_mc1.errors import InputError, TuneMc1Error
from tune_mc1.page.analysis import write_analysis
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.written_sweep import written_sweep

MOST, MOST_OF_PAIR = 240, 12
"""Images that are shown: the most confident mistakes, and of each pair of classes at least so many
of the most confident."""

SIDE = 96
"""Greatest side of an image in the picture, in pixels; larger images are reduced."""

COLUMNS = 20
"""Images in a row of the picture."""


def winners_mistakes(directory: Path) -> dict[str, Any]:
    """The winner's confusion matrix and mistakes.

    Args:
        directory: The result directory.

    Returns:
        `matrix` counts test images by true (row) and predicted class; `mistakes` are the images of
        `picture`, most confident first: position in the test images, true and predicted class, and
        probability of the latter. Without the images, `why` says why.

    Raises:
        InputError: If there are no predictions.
    """
    where = ResultDir(directory)
    try:
        table = pq.read_table(where.predictions)
        trials = table["trial"].to_pylist()
        columns = ("image", "label", "predicted", "confidence")
        image, label, predicted, sure = (table[name].to_numpy() for name in columns)
    except (ArrowException, OSError, KeyError):
        raise InputError(f"{where.predictions}: no predictions of the winner there") from None
    own = np.array([trial == trials[0] for trial in trials])
    image, label, predicted, sure = (each[own] for each in (image, label, predicted, sure))
    sweep = written_sweep(where)
    tables = where.read()
    count = int(max(label.max(), predicted.max())) + 1
    names = [str(name) for name in tables.metadata.get("classes") or ()]
    names += [str(i) for i in range(len(names), count)]
    matrix = np.zeros((len(names), len(names)), int)
    np.add.at(matrix, (label, predicted), 1)
    places = _chosen(label, predicted, sure)
    answer: dict[str, Any] = {
        "trial": trials[0],
        "classes": names,
        "matrix": matrix.tolist(),
        "images": len(label),
        "wrong": int((label != predicted).sum()),
        "mistakes": [
            [int(image[i]), int(label[i]), int(predicted[i]), round(float(sure[i]), 4)]
            for i in places
        ],
    }
    try:
        data = images_on_disk(sweep, str(tables.metadata.get("data")), lazy=True)
        if data.fingerprint != tables.metadata.get("fingerprint"):
            raise InputError("the images here differ from those of the sweep")
    except TuneMc1Error as error:
        return answer | {"why": str(error)}
    return answer | _picture(data.test_images, [int(image[i]) for i in places])


def _chosen(label: NDArray[Any], predicted: NDArray[Any], sure: NDArray[Any]) -> list[int]:
    """Places of the mistakes that are shown, most confident first."""
    wrong = np.flatnonzero(label != predicted)
    wrong = wrong[np.argsort(-sure[wrong], kind="stable")]
    of_pair: dict[tuple[int, int], int] = {}
    found = []
    for rank, place in enumerate(wrong.tolist()):
        pair = int(label[place]), int(predicted[place])
        of_pair[pair] = of_pair.get(pair, 0) + 1
        if rank < MOST or of_pair[pair] <= MOST_OF_PAIR:
            found.append(place)
    return found


def _picture(images: Any, places: list[int]) -> dict[str, Any]:
    """The images side by side as one PNG, or JPEG where they are large.

    Args:
        images: Test images (N, height, width, channels), 0 to 255.
        places: Which of them.
    """
    tiles = [_tile(np.asarray(images[place])) for place in places]
    if not tiles:
        return {"picture": None}
    width, height = (max(tile.size[i] for tile in tiles) for i in (0, 1))
    columns = min(COLUMNS, len(tiles))
    sheet = Image.new("RGB", (columns * width, -(-len(tiles) // columns) * height))
    for number, tile in enumerate(tiles):
        sheet.paste(tile, (number % columns * width, number // columns * height))
    form = "PNG" if max(width, height) <= 48 else "JPEG"
    buffer = io.BytesIO()
    sheet.save(buffer, form, quality=90)
    uri = f"data:image/{form.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"
    return {"picture": uri, "tile": [width, height], "columns": columns}


def _tile(pixels: NDArray[np.uint8]) -> Image.Image:
    gray = pixels.shape[-1] == 1
    image = Image.fromarray(pixels[..., 0] if gray else pixels).convert("RGB")
    image.thumbnail((SIDE, SIDE))
    return image


if __name__ == "__main__":
    write_analysis(winners_mistakes)
