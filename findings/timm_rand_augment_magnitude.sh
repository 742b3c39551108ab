#!/usr/bin/env bash
# Behaviour: timm's RandAugment changes an image least at a magnitude of about 6, not at 0: its brightness,
#   contrast, colour and sharpness go down to a factor of 0.1 at magnitude 0 and up to 1.9 at 10, and
#   posterize and solarize are strongest at 0. A search over the magnitude so sees two rising slopes.
#   From magnitude 2 down posterize asks for 0 bits, which Pillow refuses since a recent release, so
#   that a training with `rand-m2` stops with an error once that operation is drawn. `inc1` in the
#   name (`rand-m2-inc1`) makes all of them rise.
# Expected before the run: 0 leaves images nearly as they are, and the change grows with the magnitude.
# Seen with: timm 1.0.31, Pillow 13.0.0, Python 3.11.
# Output when it was written (mean change of a pixel, of 255, at magnitudes 0, 3, 6, 9, 10):
#   Brightness 114.2 46.0 19.0 53.0 60.1
#   Contrast 57.4 23.0 9.7 26.5 30.0
#   Color 47.7 19.1 8.4 25.0 28.9
#   Sharpness 32.2 12.9 5.8 18.1 21.0
#   Solarize 127.6 73.7 60.1 21.9 0.0
#   Posterize ValueError 63.8 31.3 15.5 7.4
#   rand-m2: ValueError: bits must be between or equal to 1 and 8
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check timm==1.0.31 torch==2.14.1 \
  torchvision==0.29.1 pillow==13.0.0 numpy
env/bin/python -W ignore - <<'PY'
import random

import numpy as np
from PIL import Image
from timm.data.auto_augment import AugmentOp, rand_augment_transform

noise = np.random.default_rng(0).random((32, 32, 3)) * 255
image = Image.fromarray(noise.astype(np.uint8))


def change(name, magnitude):
    """Mean change of a pixel by an operation, or the name of the error."""
    random.seed(0)
    np.random.seed(0)
    operation = AugmentOp(name, 1.0, magnitude)
    try:
        made = [np.asarray(operation(image), dtype=int) for _ in range(40)]
    except ValueError:
        return "ValueError"
    return f"{np.mean([np.abs(one - np.asarray(image, dtype=int)).mean() for one in made]):.1f}"


for name in ("Brightness", "Contrast", "Color", "Sharpness", "Solarize", "Posterize"):
    seen = [change(name, magnitude) for magnitude in (0, 3, 6, 9, 10)]
    print(name, *seen)
    if name == "Posterize":
        assert seen[0] == "ValueError" and float(seen[1]) > float(seen[4]), "has changed"
    else:
        assert float(seen[0]) > float(seen[1]) > float(seen[2]), "the behaviour has changed"

random.seed(0)
transform = rand_augment_transform("rand-m2-n1", {})
try:
    for _ in range(1000):
        transform(image)
except ValueError as error:
    print("rand-m2: ValueError:", error)
else:
    raise SystemExit("the behaviour has changed")
PY
