"""The examples of docs/extending.md: the tests install and run the files that the page shows."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "extending.md"


def examples() -> dict[str, str]:
    """The page's files by name."""
    found = re.findall(r"^`(\w+\.py)`:\n\n```python\n(.*?)^```", PAGE.read_text(), re.M | re.S)
    return dict(found)


def example(file: str) -> str:
    """The text of one file of the page."""
    return examples()[file]
