#!/usr/bin/env bash
# Behaviour: Hugging Face's datasets records an image that Pillow has opened from a file as the path
#   of that file. What `map` does to it in place, by `ImageDraw`, `paste`, `putpixel` or `thumbnail`,
#   is lost without a word: the new data set has the images as they were. The same function works
#   where the data set holds the images themselves, as after `save_to_disk`; and `resize`, `crop` and
#   others that return another image are kept. The documentation has no word on it. A `copy()`
#   before the change does what was meant.
# Expected before the run: images are stored as the function returns them, wherever they come from.
# Seen with: datasets 5.2.0, Pillow 13.0.0, Python 3.11.
# Output when it was written (side of the images, and mean of the upper left quarter):
#   as they are: 64 127.3
#   image files: black square 64 127.3, thumbnail 64 127.3, copy and square 64 0.0, resize 32 127.4
#   Dataset.from_dict of opened images with a black square: 64 127.3
#   the same images after save_to_disk: black square 64 0.0, thumbnail 32 127.4
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export HF_HOME="$folder/home" HF_HUB_OFFLINE=1
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check datasets==5.2.0 pillow==13.0.0
env/bin/python -W ignore - <<'PY'
from pathlib import Path

import numpy as np
from datasets import Dataset, disable_progress_bars, load_dataset, load_from_disk
from PIL import Image, ImageDraw

disable_progress_bars()
noise = np.random.default_rng(0)
files = [Path("images", name, f"{number}.png") for name in ("cat", "dog") for number in range(3)]
for file in files:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(noise.integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(file)


def square(row):
    """Black over the upper left quarter, as over a time stamp."""
    ImageDraw.Draw(row["image"]).rectangle((0, 0, 31, 31), fill=(0, 0, 0))
    return row


def thumbnail(row):
    row["image"].thumbnail((32, 32))
    return row


def copy(row):
    return square({**row, "image": row["image"].copy()})


def resize(row):
    return {**row, "image": row["image"].resize((32, 32))}


def seen(data):
    images = [np.asarray(row["image"]) for row in data]
    (side,) = {len(image) for image in images}
    return f"{side} {np.mean([image[:32, :32] for image in images]):.1f}"


folders = load_dataset("imagefolder", data_dir="images", split="train")
folders.save_to_disk("disk")
held = load_from_disk("disk")
opened = [square({"image": Image.open(file)})["image"] for file in files]
before = seen(folders)
drawn, thumbs, copied, resized = (
    seen(folders.map(change)) for change in (square, thumbnail, copy, resize)
)
given = seen(Dataset.from_dict({"image": opened}))
right = [seen(held.map(change)) for change in (square, thumbnail)]
print("as they are:", before)
print(
    f"image files: black square {drawn}, thumbnail {thumbs}, copy and square {copied}, "
    f"resize {resized}"
)
print("Dataset.from_dict of opened images with a black square:", given)
print("the same images after save_to_disk: black square {}, thumbnail {}".format(*right))
assert drawn == thumbs == given == before, "the behaviour has changed"
assert copied == right[0] == "64 0.0", "the behaviour has changed"
assert resized[:3] == right[1][:3] == "32 ", "the behaviour has changed"
PY
