#!/usr/bin/env bash
# Behaviour: `to_parquet` of Hugging Face's datasets writes no images where they come from files, such
#   as those of `imagefolder`: the parquet file has their paths, in 1.8 kB. It looks right as long
#   as the files are there; afterwards, or on another machine, it cannot be read, and where a file has
#   been replaced it shows the new image. `save_to_disk` and `push_to_hub` of the same data set write
#   the images, which is documented for them; for `to_parquet` nothing is. After a `map` that makes
#   other images, or on the data set as `load_from_disk` gives it, `to_parquet` writes them too.
# Expected before the run: a parquet file has the images, as those on Hugging Face's Hub have.
# Seen with: datasets 5.2.0, pyarrow 26.0.1, Pillow 13.0.0, Python 3.11.
# Output when it was written (of six images; "rotated" by `map`):
#   images and bytes: of image files 0 1,847, of save_to_disk 6 76,079, rotated 6 75,996
#   mean of the first image: 128.1, its file replaced 255.0, files gone FileNotFoundError
#   the same of save_to_disk: 128.1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export HF_HOME="$folder/home" HF_HUB_OFFLINE=1
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check datasets==5.2.0 pyarrow==26.0.1 \
  pillow==13.0.0
env/bin/python -W ignore - <<'PY'
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from datasets import disable_progress_bars, load_dataset, load_from_disk
from PIL import Image

disable_progress_bars()
noise = np.random.default_rng(0)
files = [Path("images", name, f"{number}.png") for name in ("cat", "dog") for number in range(3)]
for file in files:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(noise.integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(file)


def held(file):
    """How many images a parquet file has, and its size."""
    images = [image for image in pq.read_table(file)["image"].to_pylist() if image["bytes"]]
    return len(images), Path(file).stat().st_size


def mean(file):
    data = load_dataset("parquet", data_files=file, split="train")
    return round(float(np.asarray(data[0]["image"]).mean()), 1)


folders = load_dataset("imagefolder", data_dir="images", split="train")
folders.to_parquet("paths.parquet")
folders.save_to_disk("disk")
load_from_disk("disk").to_parquet("disk.parquet")
folders.map(lambda row: {"image": row["image"].rotate(90)}).to_parquet("rotated.parquet")
found = {name: held(f"{name}.parquet") for name in ("paths", "disk", "rotated")}
print(
    "images and bytes: of image files {} {:,}, of save_to_disk {} {:,}, rotated {} {:,}".format(
        *found["paths"], *found["disk"], *found["rotated"]
    )
)

first = mean("paths.parquet")
Image.new("RGB", (64, 64), "white").save(files[0])
replaced = mean("paths.parquet")
shutil.rmtree("images")
try:
    gone = mean("paths.parquet")
except FileNotFoundError:
    gone = "FileNotFoundError"
kept = mean("disk.parquet")
print(f"mean of the first image: {first}, its file replaced {replaced}, files gone {gone}")
print("the same of save_to_disk:", kept)
assert found["paths"][0] == 0 and found["paths"][1] < 5000, "the behaviour has changed"
assert found["disk"][0] == found["rotated"][0] == len(files), "the behaviour has changed"
assert (replaced, gone) == (255.0, "FileNotFoundError"), "the behaviour has changed"
assert kept == first, "the behaviour has changed"
PY
