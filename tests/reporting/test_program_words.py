"""Texts on programs: iterations in the place of epochs, and nothing else changed."""

import re

import pytest

from tune_mc1.reporting.drawing.spec import LONGEST, file_name
from tune_mc1.reporting.figure_kinds import FIGURES
from tune_mc1.reporting.program_columns import cells, json_text
from tune_mc1.reporting.words.figure_words import SHARED
from tune_mc1.reporting.words.iteration_words import in_iterations
from tune_mc1.reporting.words.page_texts import TEXTS


def test_epochs_become_iterations() -> None:
    words = {"a": ("After each epoch {epoch} of all epochs", "Nach jeder Epoche {epoch}, Epochen")}
    assert in_iterations(words)["a"] == (
        "After each iteration {epoch} of all iterations",
        "Nach jeder Iteration {epoch}, Iterationen",
    )


def test_no_text_that_programs_share_mentions_epochs() -> None:
    catalogues = [TEXTS, SHARED, *(k.words for k in FIGURES.values() if not k.training_only)]
    before = after = 0
    for words in catalogues:
        changed = in_iterations(words)
        assert list(changed) == list(words)
        for key, texts in changed.items():
            for text, old in zip(texts, words[key], strict=True):
                before += len(re.findall("poch", old))
                after += len(re.findall("poch", text))
                assert re.findall(r"{\w+", text) == re.findall(r"{\w+", old)
                assert not re.search(r"(?<!{)[Ee]poch", text), (key, text)
    assert before > after


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('"auto"', "auto"),
        ('"1"', '"1"'),  # not the number
        ("1", "1"),
        ('"null"', '"null"'),
        ("[32, 64]", "[32, 64]"),
        (None, None),
        ('{"a": 1}', '{"a": 1}'),
    ],
)
def test_json_is_readable_and_values_stay_apart(cell: str | None, text: str | None) -> None:
    assert json_text(cell) == text


def test_values_of_the_file_are_those_of_the_column() -> None:
    assert cells([{"b": 1, "a": 2}, "auto", 0.5, None], "json") == [
        '{"a": 2, "b": 1}', "auto", "0.5", "null",
    ]  # fmt: skip
    assert cells(["a", "b"], "text") == ["a", "b"]


def test_names_of_files() -> None:
    assert file_name("curves_val/acc of (B)") == "curves_val-acc-of-B"
    assert file_name("curves_learning_rate") == "curves_learning_rate"
    assert file_name("../..") == "figure"
    assert len(file_name("x" * 500)) <= LONGEST + 1
