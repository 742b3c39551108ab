"""Lines of a journal that are parsed many at a time are those that were written, one by one."""

import json
from pathlib import Path
from typing import Any

import pytest

from tune_mc1.results.journal import read_records

COUNT = 2_500


def lines() -> list[bytes]:
    return [json.dumps({"event": "epoch", "n": n}).encode() + b"\n" for n in range(COUNT)]


def one_by_one(written: list[bytes]) -> list[tuple[dict[str, Any], int]]:
    """Objects of whole lines, and where each ends."""
    found, end = [], 0
    for line in written:
        if not line.endswith(b"\n"):
            break
        end += len(line)
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            found.append((value, end))
    return found


@pytest.mark.parametrize(
    "other",
    [
        b"",
        b'{"event": "epoch", "n\n',
        b'{"event": "epo{"event": "epoch", "n": 7}\n',
        b'{"n": 1}, {"n": 2}\n',
        b"[1, 2]\n",
        b"7\n",
        b"\n",
        b'{"file": "\\ud800.png"}\n',
        b'{"x": NaN}\n',
    ],
    ids=["none", "cut", "cut and gone on", "two", "list", "number", "empty", "surrogate", "nan"],
)
@pytest.mark.parametrize("at", [0, 999, 1_000, 1_700, COUNT])
def test_a_line_among_many(tmp_path: Path, other: bytes, at: int) -> None:
    written = lines()
    written[at:at] = [other] if other else []
    file = tmp_path / "journal.jsonl"
    for last in (b"", b'{"event": "end'):
        file.write_bytes(b"".join(written) + last)
        found, expected = list(read_records(file)), one_by_one([*written, last])
        assert str(found) == str(expected)  # nan differs from itself
        assert len(found) >= COUNT
        offset = expected[1_100][1]
        assert str(list(read_records(file, offset))) == str(expected[1_101:])
