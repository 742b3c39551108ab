"""The interactive figures of a report in a real browser."""

import re
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from tests.support.browser import Tab
from tests.support.quick_figures import save
from tests.support.served_page import diverge, made_sweep
from tune_mc1.config.field_types import Lang
from tune_mc1.reporting.write_report import write_report

FIGURES = 6
WORDS = """() => {
  const found = [];
  const walk = (node) => {
    for (const name of ["aria-label", "title"]) found.push(node.getAttribute?.(name));
    if (node.nodeType === 3) found.push(node.data);
    if (!["STYLE", "CODE"].includes(node.tagName)) node.childNodes.forEach(walk);
  };
  document.querySelectorAll(".explorer").forEach((host) => walk(host.shadowRoot));
  return found.filter(Boolean).join("\\n");
}"""
"""All that a reader of the interactive figures reads or hears."""


@pytest.fixture(scope="module")
def reports(real: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Reports on the real sweep, by language; `reporting/` has painted figures in a browser."""
    where = tmp_path_factory.mktemp("reports")
    langs: tuple[Lang, ...] = ("en", "de")
    with patch("tune_mc1.reporting.write_report.save", save):
        return {lang: write_report([real], where / lang, lang) for lang in langs}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_report_is_interactive(browser: Any, reports: dict[str, Path], scheme: str) -> None:
    page = reports["en"]
    tab = Tab(browser, page.as_uri(), color_scheme=scheme)
    tab.page.locator(".trials tbody [data-trial]").nth(7).wait_for()
    for label in ("Curves", "Parallel coordinates", "Heat map", "Importance", "Rungs", "Settings"):
        tab.page.get_by_role("tab", name=label).click()
        tab.page.locator(".figure :is(canvas, table, svg)").first.wait_for(state="attached")
    tab.page.get_by_label("Filter trials").fill("batch_size=32")
    tab.page.locator(".said", has_text="of 8 trials").wait_for()
    assert tab.said == []
    tab.page.emulate_media(media="print")
    assert tab.page.locator(".explorer").is_hidden()
    assert tab.page.locator("figure img").first.is_visible()
    tab.close()
    bare = Tab(browser, page.as_uri(), java_script_enabled=False)
    assert bare.page.locator("figure img").first.is_visible()
    assert bare.page.locator(".explorer").count() == 0
    bare.close()


def test_a_report_in_german_is_german(browser: Any, reports: dict[str, Path]) -> None:
    said: dict[str, set[str]] = {}
    for lang, path in reports.items():
        tab = Tab(browser, path.as_uri())
        tab.page.locator(".trials tbody [data-trial]").nth(7).wait_for()
        text = ""
        for i in range(FIGURES):
            tab.page.get_by_role("tab").nth(i).click()
            tab.page.locator(".figure :is(canvas, table, svg)").first.wait_for(state="attached")
            text += tab.page.evaluate(WORDS)
        tab.page.get_by_role("searchbox").fill("colour=red")
        text += tab.page.locator(".said").inner_text()
        tab.page.get_by_role("searchbox").fill("batch_size=1")
        text += tab.page.locator(".trials").inner_text()
        said[lang] = set(re.findall(r"(?<![\w.])[A-Za-zÄÖÜäöü]{2,}(?![\w=.])", text))
        assert tab.said == []
        tab.close()
    assert said["en"] & said["de"] <= SAME, sorted((said["en"] & said["de"]) - SAME)


SAME = {
    *("Trial", "Trials", "Filter", "Parameter", "Spearman", "In", "in", "an", "bracket", "colour"),
    *("trial", "state", "completed", "stopped", "model", "attempts", "device", "error", "ended"),
    *("fused", "pinned", "node", "started"),
}
"""Words of both languages, and names of columns and states, which are those of the result files."""


@pytest.mark.usefixtures("quick_figures")
def test_a_report_ranks_as_it_is_asked_to(browser: Any, tmp_path: Path) -> None:
    where = made_sweep(tmp_path / "made", 12, running=1)
    diverge(where, 11, 0.99)
    for rank, first in (("ended", False), ("score", True)):
        page = write_report([where.root], tmp_path / rank, "de", rank=rank)  # type: ignore[arg-type]
        tab = Tab(browser, page.as_uri())
        tab.page.locator(".trials tbody [data-trial]").nth(11).wait_for()
        assert (tab.column(2)[0] == "t0012") is first
        said = tab.page.locator(".said").inner_text()
        last = "12 Trials, davon 1 divergiert oder gescheitert und darum zuletzt"
        assert said == ("12 Trials" if first else last)
        tab.page.get_by_role("tab", name="Einstellungen").click()
        best = tab.page.locator(".bars tbody tr").first
        best.wait_for()
        assert ("t0012" in best.inner_text()) is first
        tab.close()
