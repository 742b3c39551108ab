"""A sweep in a real browser: it reads, sorts, filters, brushes, and fits every width."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import CONTRASTS, Tab
from tests.support.served_page import address_of, diverge, made_sweep, served
from tune_mc1.planning.stop_reasons import reasons_of
from tune_mc1.results.directory import ResultDir

WIDTHS = (375, 768, 1280, 1920)
WIDE = {"width": 1400, "height": 900}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_figure_at_every_width(browser: Any, address: str, real: Path, scheme: str) -> None:
    tab = Tab(browser, address_of(address, real), color_scheme=scheme)
    page = tab.page
    page.get_by_role("tab", name="Curves").wait_for()
    labels = page.get_by_role("tab").all_inner_texts()
    assert labels == ["Curves", "Parallel coordinates", "Heat map", "Importance", "Rungs",
                      "Settings", "Mistakes"]  # fmt: skip
    for label in labels:
        page.get_by_role("tab", name=label).click()
        page.locator(".figure :is(canvas, table, svg, .empty)").first.wait_for(state="attached")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(50)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (label, width)
    ink, paper = (
        page.evaluate(f"getComputedStyle(document.body).{n}") for n in ("color", "backgroundColor")
    )
    assert (brightness(paper) > brightness(ink)) == (scheme == "light")
    assert tab.said == []
    tab.close()


def brightness(color: str) -> int:
    return sum(int(part) for part in re.findall(r"\d+", color)[:3])


def test_text_is_read_easily(browser: Any, address: str, real: Path) -> None:
    for scheme in ("light", "dark"):
        tab = Tab(browser, address_of(address, real, trial="t0001"), color_scheme=scheme)
        tab.page.locator(".panel dl").wait_for()
        contrasts = tab.page.evaluate(CONTRASTS)
        assert [found for found in contrasts if found[0] < 4.5] == [], scheme
        tab.close()


def test_sorts_filters_and_opens_a_trial(browser: Any, address: str, real: Path) -> None:
    tab = Tab(browser, address_of(address, real), viewport=WIDE)
    page, tables = tab.page, ResultDir(real).read()
    page.locator(".trials tbody [data-trial]").first.wait_for()
    scores = [float(text) for text in tab.column(4) if text != "–"]
    assert scores == sorted(scores, reverse=True)
    head = page.get_by_role("button", name="learning_rate", exact=True)
    head.click()
    head.click()
    rates = {row["trial"]: row["learning_rate"] for row in tables.trials.values()}
    assert tab.column(2) == sorted(rates, key=lambda trial: rates[trial])
    sorted_head = page.locator(".trials th[aria-sort]")
    assert sorted_head.get_attribute("aria-sort") == "ascending"
    middle = sorted(rates.values())[4]
    page.get_by_label("Filter trials").fill(f"learning_rate={middle!r}..")
    page.wait_for_function("document.querySelector('.said').textContent.startsWith('4 of')")
    assert set(tab.column(2)) == {trial for trial, rate in rates.items() if rate >= middle}
    page.get_by_label("Filter trials").fill("batch_size=32 state=completed")
    both = {t for t, row in tables.trials.items()
            if row["batch_size"] == 32 and row["state"] == "completed"}  # fmt: skip
    page.wait_for_timeout(100)
    assert {trial for trial in tab.column(2) if trial} == both
    page.get_by_label("Filter trials").fill("colour=red")
    assert "no column colour" in page.locator(".said").inner_text()
    page.get_by_label("Filter trials").fill("")
    best = tables.ranked()[0]
    page.locator(f"[data-trial={best['trial']}]").click()
    panel = page.get_by_role("complementary")
    panel.get_by_text(f"{tables.score(best):.4f} at epoch {best['best_epoch']}").wait_for()
    log = (real / best["log"]).read_text().strip().splitlines()[-1]
    page.wait_for_function("t => document.querySelector('.log').textContent.includes(t)", arg=log)
    page.keyboard.press("Escape")
    assert page.get_by_role("complementary").count() == 0
    stopped = next(t for t, row in tables.trials.items() if row["state"] == "stopped")
    page.locator(f"[data-trial={stopped}]").click()
    panel.locator("dd", has_text=reasons_of(ResultDir(real))[stopped]).wait_for()
    assert tab.said == []
    tab.close()


def test_brushing_and_cells_become_the_filter(browser: Any, address: str, real: Path) -> None:
    tab = Tab(browser, address_of(address, real, view="parallel"), viewport=WIDE)
    page = tab.page
    axis = page.locator(".axis", has_text="learning_rate")
    axis.wait_for()
    box = axis.bounding_box()
    middle = box["x"] + box["width"] / 2
    page.mouse.move(middle, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(middle, box["y"] + 180, steps=4)
    page.mouse.up()
    term = page.get_by_label("Filter trials").input_value()
    low, high = (float(end) for end in term.removeprefix("learning_rate=").split(".."))
    rates = [row["learning_rate"] for row in ResultDir(real).read().trials.values()]
    kept = sum(low <= rate <= high for rate in rates)
    assert page.locator(".said").inner_text().startswith(f"{kept} of 8")
    assert 0 < kept < 8
    page.get_by_label("Filter trials").fill("")
    page.get_by_role("tab", name="Heat map").click()
    page.locator("button.square").first.click()
    assert "batch_size=" in page.get_by_label("Filter trials").input_value()
    assert tab.said == []
    tab.close()


def test_mistakes_of_the_winner(browser: Any, address: str, real: Path) -> None:
    tab = Tab(browser, address_of(address, real, view="mistakes"), viewport=WIDE)
    page = tab.page
    cell = page.locator("button.count-cell").first
    cell.wait_for(timeout=60_000)
    number = int(cell.inner_text())
    cell.click()
    page.locator("button.count-cell[aria-pressed=true]").wait_for()
    assert page.locator(".images li").count() == min(number, 12)
    page.locator(".images button").first.click()
    assert "true class" in page.locator("dialog").inner_text()
    page.get_by_role("button", name="Close").click()
    page.locator("dialog").wait_for(state="detached")  # its event comes after the click
    assert tab.said == []
    tab.close()


def test_sweeps_side_by_side(browser: Any, real: Path, tmp_path: Path) -> None:
    for number in range(3):
        made_sweep(tmp_path / f"made-{number}", 10 + number)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "journal.jsonl").write_text(
        '{"event":"sweep","format":99,"metric":"val_acc","maximize":true}\n'
    )
    with served(tmp_path) as address:
        tab = Tab(browser, address, viewport=WIDE)
        page = tab.page
        page.locator(".sweeps tbody tr").nth(3).wait_for()
        assert "has format 99" in page.locator(".sweeps").inner_text()
        page.get_by_label("Compare made-0").click()
        page.get_by_label("Compare made-2").click()
        page.get_by_role("heading", name="Side by side").wait_for()
        heads = page.locator(".beside thead th").all_inner_texts()
        assert sorted(heads) == ["made-0", "made-2"]
        page.reload()
        page.get_by_role("heading", name="Side by side").wait_for()
        page.get_by_role("link", name="made-1").click()
        page.locator(".trials tbody [data-trial]").nth(10).wait_for()
        assert tab.said == []
        tab.close()


PLOTS = """Object.defineProperty(globalThis, "uPlot", {
  get() { return this.kept; },
  set(made) {
    globalThis.plots = [];
    this.kept = class extends made { constructor(...all) { super(...all); plots.push(this); } };
  },
})"""
"""Keeps all figures of the library in `plots`."""


@pytest.mark.parametrize("sweeps", [1, 2])
def test_few_sweeps_over_time_span_no_years(browser: Any, tmp_path: Path, sweeps: int) -> None:
    for number in range(sweeps):  # they began at the same time
        made_sweep(tmp_path / f"made-{number}", 3)
    with served(tmp_path) as address:
        tab = Tab(browser, "about:blank", viewport=WIDE)
        tab.page.add_init_script(PLOTS)
        tab.page.goto(address)
        tab.page.locator(".figures .chart canvas").wait_for(state="attached")
        low, high = tab.page.evaluate("[plots[0].scales.x.min, plots[0].scales.x.max]")
        assert (low + high) / 2 == pytest.approx(1e9, abs=3600)
        assert high - low < 3 * 86400
        assert tab.said == []
        tab.close()


def test_a_trial_that_diverged_ranks_last(browser: Any, tmp_path: Path) -> None:
    where = made_sweep(tmp_path / "made", 12, running=1)
    diverge(where, 11, 0.99)
    with served(tmp_path) as address:
        tab = Tab(browser, address_of(address, where.root), viewport=WIDE)
        tab.page.locator(
            ".said", has_text="1 of which diverged or failed and ranks last"
        ).wait_for()
        order = [row["trial"] for row in where.read().ranked()]
        assert (tab.column(2), order[-1]) == (order, "t0012")
        tab.page.locator(".trials th button[data-key=score]").click()
        assert tab.column(2) == [*reversed(order[:-1]), "t0012"]
        assert "rank last" in tab.page.locator("button[data-key=score]").get_attribute("title")
        assert tab.said == []
        tab.close()
    with served(tmp_path, rank="score") as address:
        tab = Tab(browser, address_of(address, where.root), viewport=WIDE)
        tab.page.locator(".facts", has_text="0.9900 t0012").wait_for()
        assert tab.column(2) == ["t0012", *order[:-1]]
        assert "rank" not in tab.page.locator(".said").inner_text()
        assert tab.said == []
        tab.close()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.6, "1:00 min"),
        (119.6, "2:00 min"),
        (150, "2:30 min"),
        (3599.7, "1:00 h"),
        (3720, "1:02 h"),
        (200000, "2.3 d"),
    ],
)
def test_a_duration_is_rounded_before_it_is_divided(
    browser: Any, tmp_path: Path, seconds: float, text: str
) -> None:
    with served(tmp_path) as address:
        tab = Tab(browser, address)
        script = "async (s) => (await import('./assets/format.js')).duration(s)"
        assert tab.page.evaluate(script, seconds) == text
        tab.close()


def test_the_images_are_those_that_train_and_validate(browser: Any, tmp_path: Path) -> None:
    where = made_sweep(tmp_path / "made", 2)
    with served(tmp_path) as address:
        tab = Tab(browser, address_of(address, where.root))
        facts = tab.page.locator(".facts")
        facts.wait_for()
        assert "100 to train and validate" in facts.inner_text()
        tab.close()


def test_an_address_in_the_same_tab_is_followed(browser: Any, tmp_path: Path) -> None:
    """As when a colleague's link to a trial is opened where the sweep is open."""
    where = made_sweep(tmp_path / "made", 3)
    with served(tmp_path) as address:
        tab = Tab(browser, address_of(address, where.root))
        panel = tab.page.locator(".panel dl")
        tab.page.locator(".facts").wait_for()
        tab.page.goto(address_of(address, where.root, trial="t0002", view="heatmap"))
        panel.first.wait_for(timeout=5000)
        assert "t0002" in tab.page.locator(".panel").inner_text()
        tab.page.go_back()
        panel.first.wait_for(state="detached", timeout=5000)
        assert tab.said == []
        tab.close()
