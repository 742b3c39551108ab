"""Names of splits in folders, files and columns."""

from tune_mc1.config.validation import VAL_WORDS

SPLIT_WORDS = {"train": ("train", "training"), "val": VAL_WORDS, "test": ("test", "testing")}
"""Names of each split, in any case."""


def split_word(word: str) -> str | None:
    """The split that a word names, if any."""
    return next((split for split, words in SPLIT_WORDS.items() if word.lower() in words), None)
