"""The page in a real browser: it reads, sorts, filters, steers, and fits every width."""

import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.browser import CONTRASTS, Tab, chromium
from tests.support.in_process import sweep_here
from tests.support.served_page import ask, made_sweep, more_epochs, served
from tune_mc1.interruption import Interruption
from tune_mc1.reporting.write_report import write_report
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.lock import locked

OFF = ("--wandb", "disabled")
SWEEP = {
    "method": "random",
    "run_cap": 8,
    "limit_images": 0.3,
    "early_terminate": {"type": "asha", "min_iter": 1, "eta": 2},
    "parameters": {
        "model": {"value": "CNN_simple"},
        "learning_rate": {"distribution": "log_uniform_values", "min": 1e-3, "max": 0.1},
        "batch_size": {"values": [32, 64]},
        "epochs": {"value": 3},
    },
}
WIDTHS = (375, 768, 1280, 1920)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, image_dir: Path) -> Path:
    """A real sweep that has ended."""
    ran = sweep_here(tmp_path_factory.mktemp("real"), SWEEP, "asha", "--data", image_dir, *OFF)
    assert ran.status == 0, ran.err
    return ran.root


@pytest.fixture(scope="module")
def address(real: Path) -> Iterator[str]:
    with served(real.parent) as found:
        yield found


def of(address: str, where: Path, **hash_: str) -> str:
    more = "".join(f"&{key}={value}" for key, value in hash_.items())
    return f"{address}#sweep={where.name}{more}"


def shown(tab: Tab, column: int) -> list[str]:
    return list(tab.page.locator(f".trials tbody td:nth-child({column})").all_inner_texts())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_figure_at_every_width(browser: Any, address: str, real: Path, scheme: str) -> None:
    tab = Tab(browser, of(address, real), color_scheme=scheme)
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
        tab = Tab(browser, of(address, real, trial="t0001"), color_scheme=scheme)
        tab.page.locator(".panel dl").wait_for()
        contrasts = tab.page.evaluate(CONTRASTS)
        assert [found for found in contrasts if found[0] < 4.5] == [], scheme
        tab.close()


def test_sorts_filters_and_opens_a_trial(browser: Any, address: str, real: Path) -> None:
    tab = Tab(browser, of(address, real), viewport={"width": 1400, "height": 900})
    page, tables = tab.page, ResultDir(real).read()
    page.locator(".trials tbody [data-trial]").first.wait_for()
    scores = [float(text) for text in shown(tab, 4) if text != "–"]
    assert scores == sorted(scores, reverse=True)
    head = page.get_by_role("button", name="learning_rate", exact=True)
    head.click()
    head.click()
    rates = {row["trial"]: row["learning_rate"] for row in tables.trials.values()}
    assert shown(tab, 2) == sorted(rates, key=lambda trial: rates[trial])
    sorted_head = page.locator(".trials th[aria-sort]")
    assert sorted_head.get_attribute("aria-sort") == "ascending"
    middle = sorted(rates.values())[4]
    page.get_by_label("Filter trials").fill(f"learning_rate={middle!r}..")
    page.wait_for_function("document.querySelector('.said').textContent.startsWith('4 of')")
    assert set(shown(tab, 2)) == {trial for trial, rate in rates.items() if rate >= middle}
    page.get_by_label("Filter trials").fill("batch_size=32 state=completed")
    both = {t for t, row in tables.trials.items()
            if row["batch_size"] == 32 and row["state"] == "completed"}  # fmt: skip
    page.wait_for_timeout(100)
    assert {trial for trial in shown(tab, 2) if trial} == both
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
    assert tab.said == []
    tab.close()


def test_brushing_and_cells_become_the_filter(browser: Any, address: str, real: Path) -> None:
    tab = Tab(browser, of(address, real, view="parallel"), viewport={"width": 1400, "height": 900})
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
    tab = Tab(browser, of(address, real, view="mistakes"), viewport={"width": 1400, "height": 900})
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
    assert page.locator("dialog").count() == 0
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
        tab = Tab(browser, address, viewport={"width": 1400, "height": 900})
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


def test_stops_a_running_trial(
    browser: Any, tmp_path: Path, image_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Interruption, "_exit_now", lambda _: None)
    parameters = SWEEP["parameters"] | {"epochs": {"value": 300}}  # type: ignore[operator]
    content = {**SWEEP, "parameters": parameters, "run_cap": 2, "fuse": "off"}
    del content["early_terminate"]
    (tmp_path / "out").mkdir()
    found: list[str] = []

    def act() -> None:
        with chromium() as own, served(tmp_path / "out") as address:
            try:
                steer(Tab(own, address, viewport={"width": 1400, "height": 900}), found)
            except BaseException as error:
                found.append(repr(error))
                raise

    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    one = ("--max-concurrent", "1", *OFF)
    ran = sweep_here(tmp_path, content, "random", "--data", image_dir, *one)
    thread.join(60)
    assert found == []
    tables = ResultDir(ran.root).read()
    states = {trial: row["state"] for trial, row in tables.trials.items()}
    assert states["t0001"] == "stopped"
    assert 0 < tables.trials["t0001"]["epochs_run"] < 300
    assert states["t0002"] == "interrupted"
    assert tables.metadata["notes"] == {"t0002": "looked at <b>it</b>"}


def steer(tab: Tab, found: list[str]) -> None:
    """Opens the sweep once it is there, stops its first trial, then the sweep."""
    page = tab.page
    link = page.locator(".sweeps a")
    link.wait_for(timeout=120_000)
    link.click()
    page.locator("[data-trial=t0001]").click(timeout=60_000)
    page.locator(".panel canvas").first.wait_for(state="attached", timeout=120_000)
    page.get_by_role("complementary").get_by_role("button", name="Stop").click(timeout=60_000)
    page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    page.locator("tr.open .dot.stopped").wait_for(timeout=60_000)
    page.locator("[data-trial=t0002]").click()
    page.get_by_role("button", name="Note").click(timeout=30_000)
    page.get_by_role("textbox", name="Note").fill("looked at <b>it</b>")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("complementary").get_by_text("looked at <b>it</b>").wait_for(timeout=30_000)
    page.get_by_role("button", name="Stop sweep").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop the sweep").click()
    page.locator(".status.interrupted").wait_for(timeout=60_000)
    found.extend(tab.said)


def test_ten_thousand_trials_stay_fluent(browser: Any, tmp_path: Path) -> None:
    where = made_sweep(tmp_path / "many", 10_000, running=1000)
    with served(where.root) as address, locked(where):
        assert ask(address, "/api/sweeps/many")[2]["status"] == "running"  # as `watch` reads it
        tab = Tab(browser, "about:blank", viewport={"width": 1400, "height": 900})
        page = tab.page
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        began = time.monotonic()
        page.goto(address)
        page.locator(".trials tbody [data-trial]").first.wait_for()
        first = time.monotonic() - began
        page.wait_for_timeout(1500)
        updates = {}
        for epoch, view in enumerate(("Curves", "Parallel coordinates", "Heat map"), 4):
            page.get_by_role("tab", name=view).click()
            page.wait_for_timeout(1500)
            with page.expect_response(lambda r: "?since=" in r.url and len(r.body()) > 10_000):
                before = busy(session)
                more_epochs(where, 1000, epoch, first=9000)
            page.wait_for_timeout(700)  # until it is drawn
            updates[view] = busy(session) - before
        page.evaluate("document.querySelector('.scroll').scrollTop = 28 * 9000")
        page.wait_for_timeout(300)
        assert 10 < page.locator(".trials tbody tr").count() < 80
        print(json.dumps({"first_s": first, "updates_s": updates}))
        assert first < 5, "under 1 s on an idle machine"
        assert max(updates.values()) < 0.3, "under 0.1 s on an idle machine"
        assert tab.said == []
        tab.close()


def busy(session: Any) -> float:
    """Seconds of processor time of the browser's main thread so far."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(m["value"] for m in metrics if m["name"] == "TaskDuration"))


def test_a_page_beside_a_sweep(browser: Any, tmp_path: Path, image_dir: Path) -> None:
    ran = sweep_here(tmp_path, SWEEP, "asha", "--data", image_dir, "--watch", *OFF)
    (process,) = [
        child
        for child in psutil.Process().children()
        if "tune_mc1.page.beside" in " ".join(child.cmdline())
    ]
    try:
        address = next(line for line in ran.out.splitlines() if line.startswith("Page: "))[6:]
        tab = Tab(browser, address.strip())
        tab.page.locator(".trials tbody [data-trial]").first.wait_for()
        assert tab.said == []
        assert not [part for part in process.cmdline() if address.partition("token=")[2] in part]
        tab.close()
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_report_is_interactive(browser: Any, real: Path, tmp_path: Path, scheme: str) -> None:
    page = write_report([real], tmp_path, "en")
    assert page.stat().st_size < 6e6
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
