#!/usr/bin/env bash
# Behaviour: `load_dataset("imagefolder")` looks for words such as train, test, val and eval in all
#   folders of a path, not only the first. With folders train/ and test/ and a class "train" beside
#   "bus" and "car", the test images of that class are training images too, with the right label
#   and without a warning. A class "test-tube" is a third split by itself, and where there are no
#   splits, a class "train" is all that is loaded, without labels. That the name of a split may
#   stand anywhere is documented, that an image can be in two is not. `data_files` with a pattern
#   for each split reads each image once.
# Expected before the run: the first folders are splits, those in them are classes.
# Seen with: datasets 5.2.0, Pillow 13.0.0, Python 3.11.
# Output when it was written:
#   {train,test}/{bus,car,train}: train 20, test 15; test images in train: 5, all of class train
#   {train,val}/{negative,positive,test-tube}: test 10, train 15, validation 15; no image only in test
#   {bus,car,train}: train 5 of 15, labels False
#   {train,test}/{bus,car,train} with data_files: train 15, test 15; in both 0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check datasets==5.2.0 pillow==13.0.0 numpy
HF_HOME="$folder/hf" HF_HUB_OFFLINE=1 env/bin/python -W ignore - <<'PY'
from itertools import count
from pathlib import Path

import datasets
from PIL import Image

datasets.disable_progress_bars()


def load(name, folders):
    """Five images of a folder, each of a grey of its own; the greys and classes of each split."""
    grey = count()
    for folder in folders:
        path = Path(name, folder)
        path.mkdir(parents=True)
        for number in range(5):
            Image.new("RGB", (4, 4), (next(grey),) * 3).save(path / f"{number}.png")
    splits = datasets.load_dataset("imagefolder", data_dir=name)
    found = {}
    for split, rows in sorted(splits.items()):
        label = rows.features.get("label")
        found[split] = {
            row["image"].getpixel((0, 0))[0]: label and label.names[row["label"]] for row in rows
        }
        assert len(found[split]) == len(rows), "the behaviour has changed"
    return found


vehicles = load("vehicles", [f"{s}/{c}" for s in ("train", "test") for c in ("bus", "car", "train")])
leaked = {vehicles["train"][image] for image in vehicles["train"].keys() & vehicles["test"].keys()}
twice = len(vehicles["train"].keys() & vehicles["test"].keys())
print(f"{{train,test}}/{{bus,car,train}}: train {len(vehicles['train'])}, test {len(vehicles['test'])}; "
      f"test images in train: {twice}, all of class {'/'.join(sorted(leaked))}")
assert (twice, leaked, len(vehicles["test"])) == (5, {"train"}, 15), "the behaviour has changed"

classes = ("negative", "positive", "test-tube")
tubes = load("tubes", [f"{split}/{c}" for split in ("train", "val") for c in classes])
sizes = {split: len(images) for split, images in tubes.items()}
print(f"{{train,val}}/{{{','.join(classes)}}}: {', '.join(f'{s} {n}' for s, n in sizes.items())}; "
      "no image only in test")
assert sizes == {"test": 10, "train": 15, "validation": 15}, "the behaviour has changed"
assert tubes["test"].keys() < tubes["train"].keys() | tubes["validation"].keys(), "has changed"

patterns = {split: f"vehicles/{split}/*/*.png" for split in ("train", "test")}
given = datasets.load_dataset("imagefolder", data_files=patterns)
greys = {s: {row["image"].getpixel((0, 0))[0] for row in rows} for s, rows in given.items()}

flat = load("flat", ("bus", "car", "train"))
labels = any(flat["train"].values())
print(f"{{bus,car,train}}: {', '.join(flat)} {len(flat['train'])} of 15, labels {labels}")
assert list(flat) == ["train"] and len(flat["train"]) == 5 and not labels, "has changed"

both = len(greys["train"] & greys["test"])
print(f"{{train,test}}/{{bus,car,train}} with data_files: train {len(greys['train'])}, "
      f"test {len(greys['test'])}; in both {both}")
assert (len(greys["train"]), len(greys["test"]), both) == (15, 15, 0), "the behaviour has changed"
PY
