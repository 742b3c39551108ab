"""A running sweep in a real browser: clicks steer it, and it stays fluent."""

import json
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.browser import Tab, chromium
from tests.support.faults import with_word
from tests.support.in_process import sweep_here
from tests.support.served_page import REAL, address_of, ask, made_sweep, more_epochs, served
from tests.support.steered_sweeps import NETWORKS, PAUSING
from tune_mc1.interruption import Interruption
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.lock import locked

OFF = ("--wandb", "disabled")
WIDE = {"width": 1400, "height": 900}


def test_steers_a_running_sweep(
    browser: Any, tmp_path: Path, image_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Interruption, "_exit_now", lambda _: None)
    content = {**REAL, "run_cap": 2, "fuse": "off", "import_from": NETWORKS}
    long = {"model": {"value": PAUSING}, "epochs": {"value": 600}}
    content["parameters"] = REAL["parameters"] | long
    del content["early_terminate"]
    (tmp_path / "out").mkdir()
    found: list[str] = []

    def act() -> None:
        with chromium() as own, served(tmp_path / "out") as address:
            try:
                steer(Tab(own, address, viewport=WIDE), found)
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
    assert 0 < tables.trials["t0001"]["epochs_run"] < 600
    assert states["t0002"] == "interrupted"
    assert tables.trials["t0002"]["started"] < tables.trials["t0001"]["ended"]
    assert tables.metadata["max_concurrent"] == 2
    assert sorted(states) == ["t0001", "t0002", "t0003", "t0004", "t0005"]
    assert tables.metadata["notes"] == {"t0002": "looked at <b>it</b>"}
    assert tables.metadata["pinned"] == ["t0002"]


def steer(tab: Tab, found: list[str]) -> None:
    """Adds trials, lets two run at once, stops one, pins and notes another, and stops the sweep."""
    page = tab.page
    link = page.locator(".sweeps a")
    link.wait_for(timeout=120_000)
    link.click()
    page.locator("[data-trial=t0001]").click(timeout=60_000)
    page.locator(".panel canvas").first.wait_for(state="attached", timeout=120_000)
    page.get_by_role("button", name="Add trials").click()
    page.get_by_role("spinbutton", name="Settings").fill("3")
    page.get_by_role("dialog").get_by_role("button", name="Add").click()
    page.locator("[data-trial=t0005]").wait_for(timeout=60_000)
    page.locator(".counts", has_text="of 5 trials ended").wait_for(timeout=30_000)
    page.get_by_role("button", name="Resize").click()
    page.get_by_role("spinbutton", name="At most").fill("2")
    page.get_by_role("dialog").get_by_role("button", name="Resize").click()
    page.get_by_role("button", name="At once: 2").wait_for(timeout=30_000)
    page.locator(".counts", has_text="2 running").wait_for(timeout=60_000)
    panel = page.get_by_role("complementary")
    panel.get_by_role("button", name="Stop").click(timeout=60_000)
    page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    page.locator("tr.open .dot.stopped").wait_for(timeout=60_000)
    page.locator("[data-trial=t0002]").click()
    panel.get_by_role("button", name="Pin").click(timeout=30_000)
    panel.get_by_role("button", name="Pinned", pressed=True).wait_for(timeout=30_000)
    page.get_by_role("button", name="Note").click(timeout=30_000)
    page.get_by_role("textbox", name="Note").fill("looked at <b>it</b>")
    page.get_by_role("button", name="Save").click()
    panel.get_by_text("looked at <b>it</b>").wait_for(timeout=30_000)
    page.get_by_label("Filter trials").fill("pinned")
    page.locator(".said", has_text="1 of 5 trials").wait_for(timeout=30_000)
    page.get_by_role("button", name="Stop sweep").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop the sweep").click()
    page.locator(".status.interrupted").wait_for(timeout=60_000)
    found.extend(tab.said)


def test_marks_trials_of_a_sweep_that_has_ended(browser: Any, real: Path, tmp_path: Path) -> None:
    where = ResultDir(Path(shutil.copytree(real, tmp_path / "copy")))
    with served(tmp_path) as address:
        tab = Tab(browser, address_of(address, where.root, trial="t0003"), viewport=WIDE)
        panel = tab.page.get_by_role("complementary")
        panel.get_by_role("button", name="Pin").click()
        panel.get_by_role("button", name="Pinned", pressed=True).wait_for()
        for text in ("first", ""):
            panel.get_by_role("button", name="note").click()
            tab.page.get_by_role("textbox", name="Note").fill(text)
            tab.page.get_by_role("button", name="Save").click()
            noted = panel.locator("dd", has_text="first")
            noted.wait_for(state="visible" if text else "detached")
            assert where.read().metadata["notes"] == ({"t0003": text} if text else {})
        assert where.read().metadata["pinned"] == ["t0003"]
        tab.page.reload()
        panel.get_by_role("button", name="Pinned").click()
        panel.get_by_role("button", name="Pin", exact=True).wait_for()
        assert where.read().metadata["pinned"] == []
        assert tab.page.get_by_role("button", name="Add trials").count() == 0
        assert tab.said == []
        tab.close()
    with served(tmp_path, read_only=True) as address:
        tab = Tab(browser, address_of(address, where.root, trial="t0003"), viewport=WIDE)
        tab.page.locator(".panel dl").wait_for()
        assert tab.page.locator(".panel .actions button").count() == 0
        tab.close()


def test_ten_thousand_trials_stay_fluent(browser: Any, tmp_path: Path) -> None:
    where = made_sweep(tmp_path / "many", 10_000, running=1000)
    with served(where.root) as address, locked(where):
        assert ask(address, "/api/sweeps/many")[2]["status"] == "running"  # as `watch` reads it
        tab = Tab(browser, "about:blank", viewport=WIDE)
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
        brushed = brush_twice(page, session)
        page.evaluate("document.querySelector('.scroll').scrollTop = 28 * 4000")
        page.wait_for_timeout(300)
        assert 10 < page.locator(".trials tbody tr").count() < 80
        print(json.dumps({"first_s": first, "updates_s": updates, "brush": brushed}))
        assert tab.said == []
        tab.close()


def brush_twice(page: Any, session: Any) -> dict[str, float]:
    """Drags along an axis, and then further, among all trials.

    Returns:
        Seconds of the main thread for both, and the longest time between two frames meanwhile.
    """
    page.get_by_label("Filter trials").fill("")
    page.get_by_role("tab", name="Parallel coordinates").click()
    page.wait_for_timeout(1000)
    page.evaluate("""() => {
      window.longest = 0;
      let last = performance.now();
      const tick = (now) => {
        window.longest = Math.max(window.longest, now - last);
        last = now;
        requestAnimationFrame(tick);
      };
      requestAnimationFrame(tick);
    }""")
    before = busy(session)
    for until in (200, 280):
        box = page.locator(".axis", has_text="learning_rate").bounding_box()
        middle = box["x"] + box["width"] / 2
        page.mouse.move(middle, box["y"] + 60)
        page.mouse.down()
        page.mouse.move(middle, box["y"] + until, steps=10)
        page.mouse.up()
        page.wait_for_timeout(500)
    assert "learning_rate=" in page.get_by_label("Filter trials").input_value()
    return {"main_s": busy(session) - before, "longest_s": page.evaluate("longest") / 1000}


def busy(session: Any) -> float:
    """Seconds of processor time of the browser's main thread so far."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(m["value"] for m in metrics if m["name"] == "TaskDuration"))


def test_a_page_beside_a_sweep(browser: Any, tmp_path: Path, image_dir: Path) -> None:
    ran = sweep_here(tmp_path, REAL, "asha", "--data", image_dir, "--watch", *OFF)
    (process,) = with_word(psutil.Process().children(), "tune_mc1.page.beside")
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
