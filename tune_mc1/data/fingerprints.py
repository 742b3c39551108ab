"""Fingerprints of data sets that were decoded before, kept by what their files are.

A fingerprint is a hash of all pixels. Who needs some of the images only, such as a report with the
winner's mistakes, finds it here instead of decoding all.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from tune_mc1.data.mapped import cache_home
from tune_mc1.errors import DataError
from tune_mc1.files import replacing

FOLDER = "fingerprints"

WORTH = 5_000
"""Images from which on a fingerprint is kept; fewer are decoded within half a second."""


@dataclass(frozen=True)
class Known:
    """What is known of decoded images.

    Attributes:
        shape: Height, width and channels of each.
        sample: Hash of some of them (`Decoding.sample`).
        fingerprint: That of the data set (`ImageData.fingerprint`).
    """

    shape: tuple[int, int, int]
    sample: str
    fingerprint: str


def find_known(key: str) -> Known | None:
    """What was kept of images with a key (`Decoding.key`); None if nothing was, or it is broken."""
    try:
        found = json.loads(_file(key).read_text())
        height, width, channels = map(int, found["shape"])
        return Known((height, width, channels), str(found["sample"]), str(found["fingerprint"]))
    except (DataError, OSError, ValueError, KeyError, TypeError):
        return None


def keep_known(key: str, known: Known) -> None:
    """Keeps it, if there is a place for it."""
    try:
        file = _file(key)
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            with replacing(file) as aside:
                aside.write_text(json.dumps(asdict(known)) + "\n")
    except (DataError, OSError):
        return


def sample_of(images: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]") -> str:
    """Hash of a few images (N, height, width, channels)."""
    return hashlib.sha256(np.ascontiguousarray(images).data).hexdigest()[:16]


def _file(key: str) -> Path:
    return cache_home().with_name(FOLDER) / f"{key[:32]}.json"
