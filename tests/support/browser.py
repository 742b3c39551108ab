"""A headless Chromium, and what it measures of a page."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

CONTRASTS = """() => {
  const channel = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const parts = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) =>
    0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const paper = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const found = parts(getComputedStyle(at).backgroundColor);
      if (found.length < 4 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    const hidden = ["SCRIPT", "STYLE"].includes(element.tagName);
    if (!own || hidden || !element.checkVisibility()) continue;
    const both = [light(parts(getComputedStyle(element).color)), light(paper(element))];
    const contrast = (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
    const words = element.textContent.trim().slice(0, 40);
    found.push([contrast, `${element.tagName} ${element.className}: ${words}`]);
  }
  return found;
}"""
"""Contrast (WCAG 2) of each element that has text of its own, and the element."""


@contextmanager
def chromium() -> Iterator[Any]:
    """Chromium by Playwright; `.ci/run` installs it, so a skip there is a failure."""
    names = ("chromium", "chromium-browser", "chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        if os.environ.get("TUNE_MC1_BROWSER") == "required":
            pytest.fail("no Chromium, although .ci/run installs it")
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


class Tab:
    """A tab that notes what its page complains of.

    Attributes:
        page: The tab itself.
        said: Lines of the console, errors, and requests that left for another server.
    """

    def __init__(self, browser: Any, address: str, **context: Any) -> None:
        self._context = browser.new_context(**context)
        self.page = self._context.new_page()
        self.said: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))

        def note(request: Any) -> None:
            if not request.url.startswith(
                ("http://127.0.0.1:", "data:", "blob:", "file:", "about:")
            ):
                self.said.append(f"request to {request.url}")

        self.page.on("request", note)
        self.page.goto(address)

    def column(self, number: int) -> list[str]:
        """Texts of a column of the table of trials, from 1, as far as its rows are in sight."""
        return list(self.page.locator(f".trials tbody td:nth-child({number})").all_inner_texts())

    def close(self) -> None:
        """Closes the tab."""
        self._context.close()
