"""The page ranks trials that diverged as it was asked to, in everything that it tells."""

from pathlib import Path

import pytest

from tests.support.served_page import ask, diverge, made_sweep, more_epochs, name, served
from tune_mc1.results.ranking import Rank


def best_by_rank(address: str) -> tuple[str, str, str, float]:
    """Best trial in the list and of the page, first setting's trial, last score of progress."""
    (summary,) = ask(address, "/api/sweeps")[2]["sweeps"]
    whole = ask(address, "/api/sweeps/made")[2]["sweep"]
    settings = ask(address, "/api/sweeps/made/settings")[2]["settings"]
    progress = ask(address, "/api/sweeps/made/compared")[2]["progress"]
    assert summary["rank"] == whole["rank"]
    first = settings[0]["trials"][0]
    return summary["best"]["trial"], whole["best"]["trial"], first, progress[-1][2]


@pytest.mark.parametrize("rank", ["ended", "score"])
def test_one_ranking_everywhere(tmp_path: Path, rank: Rank) -> None:
    where = made_sweep(tmp_path / "made", 12, running=1)
    diverge(where, 11, 0.99)
    tables = where.read()
    tables.rank = rank
    best = tables.ranked()[0]
    assert (best["trial"] == name(11)) == (rank == "score")
    with served(tmp_path, rank=rank) as address:
        expected = (*(best["trial"],) * 3, tables.score(best))
        assert best_by_rank(address) == expected
        more_epochs(where, 1, 6)  # the journal is read on
        assert best_by_rank(address) == expected
    where.write_tables(where.read(), where.journal.stat().st_size)  # a summary reads the tables
    with served(tmp_path, rank=rank) as address:
        assert best_by_rank(address) == expected
