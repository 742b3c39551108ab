"""What is asked of a sweep that has finished."""

from pathlib import Path

import pytest

from tests.support.served_page import made_sweep
from tune_mc1.errors import InputError
from tune_mc1.results.steering.ask import ask
from tune_mc1.results.steering.requests import Add, Request, Resize


@pytest.mark.parametrize(
    ("request_", "instead"),
    [
        (Resize(2), "it has finished"),
        (Add(5), "it has finished, and can go on with more: python -m tune_mc1 sweep random "
                 "--resume {root} -n 8"),
    ],
    ids=["resize", "add"],
)  # fmt: skip
def test_a_sweep_that_has_finished_is_not_resumed_for_nothing(
    tmp_path: Path, request_: Request, instead: str
) -> None:
    where = made_sweep(tmp_path / "made", 3)
    with pytest.raises(InputError) as error:
        ask(where, request_)
    line = f"{where.root}: no sweep runs here; {instead.format(root=where.root)}"
    assert error.value.problems == [line]
