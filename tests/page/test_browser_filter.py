"""The filter in the browser: values and names of any form are kept by a click and by typing."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import Tab
from tests.support.program_sweeps import ODD, write_program_sweep
from tests.support.served_page import address_of, served

WIDE = {"width": 1400, "height": 900}

CELLS = [
    *("[64, 64, 128]", '{"a": 1}', "x,y", "1..2", "-", "null", "a=b", "", 'say "hi" \\', "CNN2"),
    *(None, 0.012345678, -3, True),
]
"""Cells of a column, each of which a term of the filter must tell from all others."""

KEPT = """async (cells) => {
  const { compile, literal, withTerm } = await import("./assets/filter.js");
  const store = { columns: [{ key: "x", label: "the x", group: "parameter" }], sweep: {} };
  store.index = new Map([["x", 0]]);
  return cells.map((cell) => {
    const { problems, test } = compile(withTerm("", "the x", literal(cell)), store);
    return [problems.length, cells.filter((other) => test([other])).length, test([cell])];
  });
}"""


def test_each_value_can_be_kept(browser: Any, tmp_path: Path) -> None:
    with served(tmp_path) as address:
        tab = Tab(browser, address)
        found = tab.page.evaluate(KEPT, CELLS)
        # "-" and null can be typed for a missing value, so a text of this form is kept with it
        expected = [[0, 2 if cell is None else 1, True] for cell in CELLS]
        assert found == expected
        tab.close()


def test_lists_are_kept_by_a_click(browser: Any, tmp_path: Path) -> None:
    """Parameters of programs may be lists, and may be called as the page's own columns are."""
    where = write_program_sweep(tmp_path / "odd", ODD)
    trials = where.read().trials
    with served(tmp_path) as address:
        tab = Tab(browser, address_of(address, where.root, view="parallel"), viewport=WIDE)
        page = tab.page
        page.locator(".trials tbody [data-trial]").first.wait_for()
        shown = [text for text in tab.column(2) if text]
        assert shown == [row["trial"] for row in where.read().ranked()]
        page.locator(".axis", has_text="hidden-layers").get_by_role(
            "button", name="[32, 64]", exact=True
        ).click()
        box = page.get_by_label("Filter trials")
        assert box.input_value() == 'hidden-layers="[32, 64]"'
        kept = {name for name, row in trials.items() if row["hidden-layers"] == "[32, 64]"}
        assert 0 < len(kept) < len(trials)
        assert {text for text in tab.column(2) if text} == kept
        assert tab.said == []
        tab.close()


@pytest.mark.parametrize("value", [0.012345678, -3e-7])
def test_a_setting_has_all_digits(browser: Any, tmp_path: Path, value: float) -> None:
    with served(tmp_path) as address:
        tab = Tab(browser, address)
        script = "async (v) => (await import('./assets/format.js')).exact(v)"
        assert float(tab.page.evaluate(script, value)) == value
        tab.close()
