"""How the page looks: labels apart from each other, aligned columns, the metric of a list."""

from pathlib import Path
from typing import Any

from tests.support.browser import Tab
from tests.support.program_sweeps import METRIC, ODD, write_program_sweep
from tests.support.served_page import address_of, made_sweep, served

PHONE = {"width": 375, "height": 800}
WIDE = {"width": 1400, "height": 900}

OVERLAPS = """() => {
  const boxes = [...document.querySelectorAll("svg.rungs text")]
    .filter((one) => one.textContent.includes("arrived"))
    .map((one) => one.getBoundingClientRect());
  return boxes.slice(1).map((box, i) => boxes[i].right - box.left);
}"""
"""By how many pixels the labels of neighbouring rungs overlap; negative for a gap."""


def test_labels_of_rungs_stay_apart(browser: Any, tmp_path: Path) -> None:
    where = write_program_sweep(tmp_path / "odd", ODD)
    with served(tmp_path) as address:
        tab = Tab(browser, address_of(address, where.root, view="rungs"), viewport=PHONE)
        tab.page.locator("svg.rungs").wait_for()
        overlaps = tab.page.evaluate(OVERLAPS)
        assert overlaps
        assert max(overlaps) < 0
        tab.close()


def test_missing_numbers_are_aligned_as_numbers(browser: Any, tmp_path: Path) -> None:
    """As those of parameters that some trials do not have."""
    text = ODD.replace("lr: {values: [1, 2]}", "lr: {values: [1, null]}")
    where = write_program_sweep(tmp_path / "odd", text)
    with served(tmp_path) as address:
        tab = Tab(browser, address_of(address, where.root, view="settings"), viewport=WIDE)
        table = tab.page.locator("table.bars")
        table.wait_for()
        place = table.locator("thead th").all_inner_texts().index("lr")
        cells = table.locator(f"tbody td:nth-child({place + 1})")
        assert "–" in cells.all_inner_texts()
        assert set(cells.evaluate_all("all => all.map(one => one.className)")) == {"num"}
        tab.close()


def test_a_list_begins_with_the_metric_of_most_sweeps(browser: Any, tmp_path: Path) -> None:
    """And side by side are sweeps by the metric that they have."""
    write_program_sweep(tmp_path / "odd", ODD)
    for name in ("first", "other"):
        made_sweep(tmp_path / name, 3)
    with served(tmp_path) as address:
        tab = Tab(browser, address, viewport=WIDE)
        page = tab.page
        head = page.locator(".figures h2")
        head.wait_for()
        assert head.inner_text() == "Best val_acc of each sweep"
        page.get_by_label("metric").select_option(METRIC)
        page.get_by_text(f"Best {METRIC} of each sweep").wait_for()
        for name in ("first", "other"):
            page.get_by_label(f"Compare {name}").check()
        page.get_by_text("Best val_acc so far").wait_for()
        assert "left out" not in page.locator(".figures").inner_text()
        assert tab.said == []
        tab.close()


COUNT_DOTS = """() => {
  const arc = Path2D.prototype.arc;
  globalThis.dots = 0;
  Path2D.prototype.arc = function (...given) {
    globalThis.dots += 1;
    return arc.apply(this, given);
  };
}"""


def test_a_trial_of_one_epoch_is_seen(browser: Any, tmp_path: Path) -> None:
    """A line through one point is none, and ASHA stops most trials at their first rung."""
    where = write_program_sweep(tmp_path / "odd", ODD)
    trials = where.read().trials.values()
    alone = [row["trial"] for row in trials if row["epochs_run"] == 1]
    with served(tmp_path) as address:
        tab = Tab(browser, address_of(address, where.root, view="curves"), viewport=WIDE)
        tab.page.locator(".chart canvas").first.wait_for()
        tab.page.evaluate(COUNT_DOTS)
        tab.page.get_by_label("log scale").check()
        tab.page.wait_for_timeout(500)
        assert tab.page.evaluate("() => globalThis.dots") >= len(alone)
        assert len(alone) > 5
        tab.close()


TICKS = """async (cells) => {
  const { axisOf } = await import("./assets/scales.js");
  const rows = new Map(cells.map((cell, i) => [i, [cell]]));
  const store = { rows, index: new Map([["score", 0]]) };
  return axisOf(store, { key: "score", label: "val_acc" }).ticks.map((tick) => tick.cell);
}"""


def test_ticks_of_an_axis_stay_apart(browser: Any, tmp_path: Path) -> None:
    with served(tmp_path) as address:
        tab = Tab(browser, address)
        scores = [0.8575, 0.7475, 0.7338, 0.6300, 0.5487, 0.2963]
        assert tab.page.evaluate(TICKS, scores) == [0.2963, 0.5487, 0.63, 0.7338, 0.8575]
        tab.close()
