"""Images of any kind and size: rotated, of 16 bits, with alpha, resized as they are decoded."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torchvision.transforms import v2

from tests.support.bad_input import CommandLine
from tests.support.data_digits import made, write_folders
from tune_mc1.data.decode import decode_all
from tune_mc1.data.decode_image import Encoded
from tune_mc1.data.source import load_data
from tune_mc1.errors import DataError

RNG = np.random.default_rng(1)


def saved(folder: Path, image: Image.Image, name: str = "a.png", **options: object) -> Encoded:
    file = made(folder) / name
    image.save(file, **options)  # type: ignore[arg-type]
    return Encoded(name, file)


@pytest.mark.parametrize("side", [(30, 41), (41, 30), (16, 16), (7, 9)])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_resized_and_cropped_as_by_torchvision(
    tmp_path: Path, side: tuple[int, int], mode: str
) -> None:
    image = Image.fromarray(RNG.integers(0, 256, (*side, 3), np.uint8)).convert(mode)
    (got,) = decode_all([saved(tmp_path, image)], 16)
    expected = v2.Compose([v2.Resize(16), v2.CenterCrop(16)])(image)
    np.testing.assert_array_equal(got, np.asarray(expected).reshape(16, 16, -1))


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp"])
def test_rotated_as_exif_says(tmp_path: Path, orientation: int, name: str) -> None:
    image = Image.new("RGB", (24, 16))
    image.paste((255, 0, 0), (0, 0, 8, 8))  # marks the corner at the top left
    exif = Image.Exif()
    exif[0x0112] = orientation
    notices: list[str] = []
    encoded = saved(tmp_path, image, name, exif=exif)
    (got,) = decode_all([encoded], notify=notices.append)
    assert got.shape == ((16, 24, 3) if orientation in (1, 3) else (24, 16, 3))
    corners = {1: (3, 3), 3: (-4, -4), 6: (3, -4), 8: (-4, 3)}
    assert got[corners[orientation]][0] > 200
    turned = ["rotated as their EXIF data says (1 image, such as " + name + ")"]
    assert notices == ([] if orientation == 1 else turned)


def test_greyscale_of_16_bits_is_scaled(tmp_path: Path) -> None:
    deep = np.array([[0, 128, 129, 257], [32_896, 65_407, 65_408, 65_535]], np.uint16)
    notices: list[str] = []
    (got,) = decode_all([saved(tmp_path, Image.fromarray(deep))], notify=notices.append)
    assert got[..., 0].tolist() == [[0, 0, 1, 1], [128, 255, 255, 255]]
    np.testing.assert_array_equal(got[..., 0], np.round(deep / 257))
    assert notices == ["16-bit greyscale scaled to 8 bits (1 image, such as a.png)"]


def test_greyscale_of_16_bits_is_rotated_too(tmp_path: Path) -> None:
    deep = np.zeros((4, 6), np.uint16)
    deep[0, 0] = 65_535  # at the top left; a quarter turn clockwise brings it to the top right
    exif = Image.Exif()
    exif[0x0112] = 6
    notices: list[str] = []
    encoded = saved(tmp_path, Image.fromarray(deep), exif=exif)
    (got,) = decode_all([encoded], notify=notices.append)
    assert (got.shape, int(got[0, 3, 0])) == ((6, 4, 1), 255)
    assert [notice.partition(" (")[0] for notice in notices] == [
        "16-bit greyscale scaled to 8 bits",
        "rotated as their EXIF data says",
    ]


@pytest.mark.parametrize("name", ["a.gif", "a.tiff", "a.webp", "a.png"])
def test_the_first_of_several_frames_is_taken_and_said(tmp_path: Path, name: str) -> None:
    grey = [Image.new("L", (8, 8), value) for value in (10, 200, 250)]
    alone = saved(tmp_path / "alone", grey[0], name)
    several = saved(tmp_path, grey[0], name, save_all=True, append_images=grey[1:])
    notices: list[str] = []
    (expected,) = decode_all([alone], notify=notices.append)
    assert notices == []
    (got,) = decode_all([several], notify=notices.append)
    np.testing.assert_array_equal(got[..., :1], expected[..., :1])
    assert f"first of several frames taken (1 image, such as {name})" in notices


def test_alpha_is_dropped_and_said(tmp_path: Path) -> None:
    pixels = RNG.integers(0, 256, (8, 8, 4), np.uint8)
    images = [saved(tmp_path, Image.fromarray(pixels), f"{i}.png") for i in range(2)]
    notices: list[str] = []
    got = decode_all(images, notify=notices.append)
    np.testing.assert_array_equal(got[0], pixels[..., :3])
    assert notices == ["alpha channel dropped (2 images, such as 0.png)"]


def mixed(root: Path) -> Path:
    write_folders(root)
    Image.new("L", (11, 9), 7).save(root / "digit5" / "005.png")
    return root


def test_mixed_sizes_need_an_image_size(tmp_path: Path) -> None:
    rule = "all images must have the size 8x8 as in .*, got 11x9 .parameters.image_size resizes"
    with pytest.raises(DataError, match=rule):
        load_data(str(mixed(tmp_path)))
    data = load_data(str(tmp_path), notify=lambda _: None, image_size=12)
    assert data.image_shape == (1, 12, 12)
    assert any((image == 7).all() for image in [*data.train_images, *data.test_images])


@pytest.mark.parametrize("spec", ["shapes10"])
def test_images_that_are_not_decoded_are_resized_too(spec: str) -> None:
    data = load_data(spec, image_size=16)
    assert data.train_images.shape == (8000, 16, 16, 3)
    first = Image.fromarray(load_data(spec).train_images[0])
    expected = np.asarray(first.resize((16, 16), Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(data.train_images[0], expected)


def test_an_image_size_below_what_the_network_takes(command_line: CommandLine) -> None:
    text = "parameters: {image_size: {values: [8, 32]}, model: {value: CNN}}\n"
    Path("sweep.yaml").write_text(text)
    status, lines = command_line("sweep", "grid", "sweep.yaml", "-d", "shapes10")
    assert status == 2
    (line,) = [line for line in lines if not line.startswith("Note: ")]
    assert re.match("parameters.model: CNN requires larger images .*got 8x8 pixels", line)
