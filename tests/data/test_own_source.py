"""A data source of another package: its name, and what is wrong with its images."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.bad_input import FORMS
from tests.support.examples import example
from tests.support.plugins import registered, write_plugin
from tune_mc1.data.images import ImageData
from tune_mc1.data.request import Notify
from tune_mc1.data.source import SOURCES, Source, check_data_form, check_data_spec

PLUGIN = example("digits.py")


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("digits", ""),
        (
            "digitz",
            f"must be cifar10, shapes10, digits, {FORMS} ",
        ),
    ],
)
def test_its_name_is_one_of_the_names(tmp_path: Path, word: str, told: str) -> None:
    write_plugin(tmp_path, PLUGIN)
    code = f"from tune_mc1.data.source import check_data_spec; print(check_data_spec({word!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == (f"{told}'{word}', did you mean 'digits'?\n" if told else "None\n")


def test_images_of_the_wrong_form_are_named() -> None:
    good = np.zeros((4, 8, 8, 1), np.uint8), np.array([0, 1, 0, 1])
    floats = good[0].astype(np.float32), good[1]
    flat = good[0], good[1].astype(np.int32)
    assert ImageData.build("mine", good, good, "ab").problem() is None
    cases: tuple[tuple[Any, str], ...] = (
        (floats, r"train_images must be uint8 (N, height, width, channels), got float32 "),
        (flat, r"train_labels must be int64 (4,), got int32 (4,)"),
        ((good[0], good[1] * 2), r"train_labels must be in 0 to 1, got 2"),
    )
    for train, told in cases:
        assert str(ImageData.build("mine", train, good, "ab").problem()).startswith(told)


class _Small(Source):
    """As a package may write it: `takes` knows the paths alone, and `check` raises."""

    name = "small"

    def takes(self, spec: str) -> bool:
        return spec.startswith("small:")

    def check(self, spec: str, home: Path | None) -> str | None:
        if spec != self.name and not Path(spec.removeprefix("small:")).exists():
            raise ValueError("must be an archive that exists")
        return None

    def load(self, spec: str, home: Path | None, notify: Notify) -> ImageData:
        raise NotImplementedError


def test_a_source_that_also_takes_other_words_keeps_its_name() -> None:
    with registered(SOURCES, "small", _Small()):
        assert check_data_spec("small") is None
        assert check_data_form("small") is None


def test_a_rule_may_be_raised() -> None:
    with registered(SOURCES, "small", _Small()):
        rule = "must be an archive that exists, got 'small:none.npz'"
        assert check_data_spec("small:none.npz") == rule
