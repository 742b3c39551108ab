"""Data sets that cannot be used, through the command line: one exact line each."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.bad_input import FORMS, PARAMETERS, CommandLine
from tests.support.data_digits import digits, encode, made, write_folders, write_parquet

ANY = f"must be cifar10, shapes10, {FORMS}"

DATA: dict[str, tuple[Callable[[Path], Any], str]] = {
    "empty folder": (made, f"--data: {ANY} 'data' (neither folders nor parquet files in it)"),
    "nothing there": (lambda d: None, f"--data: {ANY} 'data' (no such path)"),
    "one class": (
        lambda d: [*map(shutil.rmtree, write_folders(d).glob("digit[1-9]"))],
        "data: must have at least 2 classes, got 1",
    ),
    "class that is only in the test images": (
        lambda d: (write_folders(d, "train"), one_image(d / "test" / "cat")),
        "data/test/cat: must be a class of data/train, got 'cat'",
    ),
    "file that is no image": (
        lambda d: (write_folders(d), (d / "digit4/004.png").write_bytes(b"no image")),
        "data/digit4/004.png: broken or truncated image: cannot identify image file",
    ),
    "sizes": (
        lambda d: (
            write_folders(d),
            (d / "digit5/005.png").write_bytes(encode(digits()[0][0][:7])),
        ),
        "data/digit5/005.png: all images must have the size 8x8 as in data/digit0/000.png, got 8x7 "
        "(parameters.image_size resizes them)",
    ),
    "link to nothing": (
        lambda d: (write_folders(d) / "digit4/link.png").symlink_to("gone.png"),
        "data/digit4/link.png: cannot be read: No such file or directory",
    ),
    "too few images for a split": (
        lambda d: (
            write_folders(d),
            made(d / "cat"),
            (d / "digit0/000.png").rename(d / "cat/0.png"),
        ),
        "class 'cat': must have at least 2 training images for this validation, got 1",
    ),
    "parquet cut short": (
        lambda d: cut(write_parquet(d / "a.parquet"), 500),
        "data/a.parquet: broken or unreadable parquet file: Parquet magic bytes not found in "
        "footer. Either the file is corrupted or this is not a parquet file.",
    ),
    "empty parquet": (
        lambda d: (made(d) / "a.parquet").touch(),
        "data/a.parquet: broken or unreadable parquet file: Parquet file size is 0 bytes",
    ),
    "columns": (
        lambda d: pq.write_table(pa.table({"img": ["x"], "label": ["a"]}), made(d) / "a.parquet"),
        "data/a.parquet: column img: must be encoded images (binary, or struct<bytes: binary>), "
        "got string",
    ),
    "no rows": (
        lambda d: pq.write_table(
            pq.read_table(write_parquet(d / "a.parquet")).slice(0, 0), d / "a.parquet"
        ),
        "data: must have images, got none",
    ),
    "label that is missing": (
        lambda d: write_parquet(d / "a.parquet", labels=[None, *digits()[1].tolist()[1:]]),
        "data/a.parquet: row 0: label must be an integer, got null",
    ),
    "label out of range": (
        lambda d: write_parquet(d / "a.parquet", labels=[-1, *digits()[1].tolist()[1:]]),
        "data/a.parquet: row 0: label must be in 0 to 9 (there are 10 classes in training), got -1",
    ),
    "labels that are real numbers, with NaN": (
        lambda d: real_labels(d / "a.parquet"),
        "data/a.parquet: column label: must be integers or text, got double",
    ),
    "image that is missing": (
        lambda d: write_parquet(
            d / "a.parquet", [None, *(encode(image) for image in digits()[0][1:])]
        ),
        "data/a.parquet: row 0: img.bytes must be bytes, got null",
    ),
    "broken CIFAR-10": (
        lambda d: (made(d / "cifar-10-batches-py") / "data_batch_1").write_bytes(b"\x80\x04."),
        "data/cifar-10-batches-py/data_batch_1: broken or truncated CIFAR-10 file: unpickling "
        "stack underflow",
    ),
    "CIFAR-10 without a file": (
        lambda d: made(d / "cifar-10-batches-py"),
        "data/cifar-10-batches-py/data_batch_1: cannot be read: No such file or directory",
    ),
}


def one_image(folder: Path) -> int:
    return (made(folder) / "0.png").write_bytes(encode(digits()[0][0]))


def cut(file: Path, size: int) -> None:
    file.write_bytes(file.read_bytes()[:size])


def real_labels(file: Path) -> None:
    table = pq.read_table(write_parquet(file))
    labels = pa.array([float("nan")] * len(table))
    pq.write_table(table.set_column(1, "label", labels), file)


@pytest.mark.parametrize("name", DATA)
def test_data(command_line: CommandLine, name: str) -> None:
    spoil, message = DATA[name]
    spoil(Path("data"))
    Path("sweep.yaml").write_text(PARAMETERS)
    command_line.refuses("sweep", "grid", "sweep.yaml", "-d", "data", message=message)


def test_images_that_do_not_fit_the_model(command_line: CommandLine) -> None:
    write_folders(Path("data"), "train")
    write_folders(Path("data"), "test")
    Path("sweep.yaml").write_text(PARAMETERS + "  model: {values: [CNN, MLP]}\n")
    command_line.refuses(
        *("sweep", "grid", "sweep.yaml", "-d", "data"),
        message="parameters.model: CNN requires larger images (nothing is left after "
        "convolution 2), got 8x8 pixels",
    )


KNOWN: dict[str, tuple[str, str]] = {
    "weights": (
        "class_weights: {value: [1, 2]}",
        "parameters.class_weights: must be balanced, or a list of one weight for each of the 10 "
        "classes, got 2 weights",
    ),
    "square": (
        "augment: {value: cutout}\n  cutout_size: {value: 40}",
        "cutout_size: must be less than the side of images of 32x32, got 40",
    ),
    "size": (
        "image_size: {value: 8}",
        "parameters.model: CNN requires larger images (nothing is left after convolution 2), got "
        "8x8 pixels",
    ),
}


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize("words", [(), ("--dry-run",)], ids=["run", "plan"])
def test_what_does_not_fit_images_that_are_known(
    command_line: CommandLine, name: str, words: tuple[str, ...]
) -> None:
    text, message = KNOWN[name]
    Path("sweep.yaml").write_text(f"{PARAMETERS}  {text}\n")
    command_line.refuses(
        *("sweep", "grid", "sweep.yaml", "-d", "shapes10", *words), message=message
    )


@pytest.mark.parametrize("words", [(), ("--dry-run",)], ids=["run", "plan"])
def test_a_warm_up_as_long_as_the_schedule(
    command_line: CommandLine, words: tuple[str, ...]
) -> None:
    write_folders(Path("data"), "train")
    write_folders(Path("data"), "test")
    text = "model: {value: CNN_simple}\n  epochs: {value: 2}\n  warmup_steps: {values: [2, 4]}"
    Path("sweep.yaml").write_text(f"{PARAMETERS}  {text}\n")  # 50 images in batches of 32
    command_line.refuses(
        *("sweep", "grid", "sweep.yaml", "-d", "data", *words),
        message="parameters.warmup_steps: must be less than the 4 steps of the schedule, which "
        "follows it, got 4",
    )
