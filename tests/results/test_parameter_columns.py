"""Types of the columns in which a program's parameters stand."""

from pathlib import Path
from typing import Any

import pytest

from tune_mc1.config.load import load_program_content
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.results.columns_of_programs import ProgramColumns, parameter_kinds


def columns_of(**parameters: Any) -> tuple[ProgramColumns, dict[str, str]]:
    content = {"program": "train.py", "method": "random", "parameters": parameters}
    sweep = load_program_content(Path("sweep.yaml"), content).sweep
    assert isinstance(sweep, ProgramSweep)
    kinds = parameter_kinds(sweep)
    return ProgramColumns(kinds, "acc", maximize=True), kinds


@pytest.mark.parametrize(
    ("q", "highest", "kind"),
    [(4, 32, "int"), (4.0, 32, "float"), (0.5, 32, "float"), (1, 1e30, "float")],
    ids=["whole", "a float", "a half", "beyond integers"],
)
def test_multiples_of_a_whole_number_are_whole(q: float, highest: float, kind: str) -> None:
    """`best.config` goes back into the program: `nn.Linear(8.0, 3)` is an error."""
    hidden = {"distribution": "q_log_uniform_values", "min": 4, "max": highest, "q": q}
    columns, kinds = columns_of(hidden=hidden, width={"same_as": "hidden"})
    assert kinds == {"hidden": kind, "width": kind}
    if kind == "int":
        schema = columns.trial_schema()
        assert str(schema.field("hidden").type) == "int64"
        row = columns.new_row({"hidden": 8, "width": 8})
        assert [type(value) for value in columns.values(row).values()] == [int, int]
