"""The reference's studies as we ran them: kept tables, the report on them, and a page."""

import re
from pathlib import Path

import pandas as pd
import pytest

from tune_mc1.reporting.frames import read_frames
from tune_mc1.reporting.pages.stat_tables import markdown
from tune_mc1.reporting.statistics.reference_table import reference_table
from tune_mc1.results.schema import ENDED

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "docs" / "reference-results"
STUDIES = sorted(path.parent for path in KEPT.glob("*/trials.parquet"))


def test_the_page_has_the_table_that_the_command_prints() -> None:
    block = re.search(
        r"<!-- python -m tune_mc1 report (.*) --markdown -->\n\n(.*?)\n\n", PAGE, re.DOTALL
    )
    assert block is not None
    directories = [ROOT / word for word in block[1].split()]
    rows = [row for d in directories for row in reference_table(read_frames(d))]
    assert block[2].splitlines() == list(markdown(rows, "en"))


PAGE = (ROOT / "docs" / "studies.md").read_text()


@pytest.mark.parametrize("folder", STUDIES, ids=lambda path: path.name)
def test_kept_results_are_whole(folder: Path) -> None:
    frames = read_frames(folder)
    assert set(frames.trials["state"]) <= ENDED
    assert frames.facts["data"] == "cifar10-jpeg75"
    assert len(frames.history) == frames.trials["epochs_run"].sum()
    assert frames.trials["node"].isna().all()
    settings = pd.read_parquet(folder / "settings.parquet")
    assert settings["n"].sum() == frames.trials["best_val_acc"].notna().sum()


def test_kept_files_are_few_and_without_images_of_the_data_set() -> None:
    assert len(STUDIES) >= 4
    files = [path for path in KEPT.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 5 * 2**20
    assert not [path for path in files if path.stem == "mistakes"]
    assert (KEPT / "report.html").exists()
    assert 'class="photo"' not in (KEPT / "report.html").read_text()
