"""The documentation: every page reachable from the README, every link and anchor valid."""

import re
from pathlib import Path

import pytest

from tests.support.examples import examples

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = sorted([README, ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def links(page: Path) -> list[str]:
    """Targets of a page's links, without those inside of code."""
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    return LINK.findall(re.sub(r"`[^`]*`", "", text))


def anchors(page: Path) -> set[str]:
    """Headings as GitHub names them in addresses."""
    heads = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        if "://" in path:
            continue
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name}: {link}"
        assert target.is_relative_to(ROOT), f"{page.name}: {link} leaves the project"
        if anchor:
            assert anchor in anchors(target), f"{page.name}: {link}"


def test_every_page_is_reached_from_the_readme() -> None:
    reached, waiting = set[Path](), [README]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        targets = (link.partition("#")[0] for link in links(page) if "://" not in link)
        waiting += [(page.parent / target).resolve() for target in targets if target]
    assert reached >= set((ROOT / "docs").glob("*.md"))


def test_commands_of_the_first_screen_stand_in_it() -> None:
    screen = README.read_text().splitlines()[:40]
    assert "bash .ci/run" in screen
    install = "python3 -m venv .venv && .venv/bin/pip install . && "
    assert install + ".venv/bin/python -m tune_mc1 sweep grid" in screen


def test_every_example_of_the_extension_page_runs_in_a_test() -> None:
    used = set[str]()
    for file in (ROOT / "tests").rglob("test_*.py"):
        text = file.read_text()
        used |= set(re.findall(r'example\("(\w+\.py)"\)', text))
        if file.parent.name == "extending":  # all are installed there: those that a test names
            words = text.lower().replace("_", "")
            used |= {name for name in examples() if Path(name).stem.replace("_", "") in words}
    assert used == set(examples())
    assert len(used) == 13
