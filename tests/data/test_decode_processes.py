"""Many small images are decoded in several processes, with the same array and messages."""

import io
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import tune_mc1.data.decode as decode_module
from tune_mc1.data.decode import decode_all
from tune_mc1.data.decode_image import Encoded
from tune_mc1.data.decode_processes import BLOCK, decode_in_processes
from tune_mc1.errors import DataError


def png(seed: int, mode: str = "RGB") -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (8, 8, len(mode)), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels.squeeze()).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def two_processes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Blocks that this process decodes itself, although there are two others."""
    left: list[int] = []

    def spy(*words: Any) -> Iterator[int]:
        for start in decode_in_processes(*words):
            left.append(start)
            yield start

    monkeypatch.setattr(decode_module, "processes_for", lambda *_: 2)
    monkeypatch.setattr(decode_module, "decode_in_processes", spy)
    return left


def test_without_further_processes_this_one_decodes(
    two_processes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise BlockingIOError("Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    images = [Encoded(f"row {i}", png(i)) for i in range(BLOCK + 1)]
    assert decode_all(images).shape == (BLOCK + 1, 8, 8, 3)
    assert two_processes == [0, BLOCK]


def test_many_images_are_decoded_in_processes(
    tmp_path: Path, two_processes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(png(0))
    contents: list[Any] = [
        file,
        *(png(i) for i in range(1, 600)),
        *(partial(png, i) for i in range(600, 1100)),
    ]
    images = [Encoded(f"row {i}", content) for i, content in enumerate(contents)]
    place = np.random.default_rng(0).permutation(len(images))
    together = decode_all(images, place=place)
    assert two_processes == []
    monkeypatch.setattr(decode_module, "processes_for", lambda *_: 1)
    np.testing.assert_array_equal(together, decode_all(images, place=place))


def test_what_is_not_plain_is_decoded_here(two_processes: list[int]) -> None:
    images = [Encoded(f"row {i}", png(i)) for i in range(1100)]
    images[600] = Encoded("row 600", png(600, "RGBA"))
    notices: list[str] = []
    decode_all(images, notify=notices.append)
    assert (notices, two_processes) == (
        ["alpha channel dropped (1 image, such as row 600)"],
        [BLOCK],
    )
    images[1050] = Encoded("row 1050", b"no image")
    with pytest.raises(DataError, match="row 1050: broken"):
        decode_all(images)


def test_a_process_that_is_gone_is_done_without(
    two_processes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("true"))
    images = [Encoded(f"row {i}", png(i)) for i in range(600)]
    assert decode_all(images).shape == (600, 8, 8, 3)
    assert two_processes == [0, BLOCK]
