"""Comparison of benchmarks between versions: which changes of a figure are for the worse."""

from typing import Any

import pytest

from tests.benchmarks.compare import loss, print_ratio


def figure(median: float, unit: str = "", goal: str = "") -> dict[str, Any]:
    return {"name": "a figure", "median": median, "unit": unit, "goal": goal}


@pytest.mark.parametrize(
    ("unit", "goal", "before", "now", "lost"),
    [
        ("", "", 2.0, 1.0, 0.5),  # a ratio: more is better
        ("", ">= 2", 2.0, 3.0, -0.5),
        ("", "<= 0.6", 0.5, 1.0, 1.0),  # a goal says which way
        ("s", "", 10.0, 11.0, 0.1),
        ("s", "", 10.0, 5.0, -0.5),
        ("s", "", 0.0, 5.0, 0.0),
    ],
)
def test_which_way_is_worse(unit: str, goal: str, before: float, now: float, lost: float) -> None:
    assert loss(figure(now, unit, goal), figure(before, unit, goal)) == pytest.approx(lost)


def test_what_became_worse_is_marked(capsys: pytest.CaptureFixture[str]) -> None:
    assert print_ratio("step", figure(11, "s"), figure(10, "s"))
    assert not print_ratio("step", figure(10.4, "s"), figure(10, "s"))
    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith("WORSE by 10 %")
    assert "WORSE" not in second
