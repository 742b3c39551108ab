"""Result directories that are none, are broken, or come from a newer version: one line each."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.bad_input import CommandLine
from tests.support.played_sweep import Sweep


@pytest.fixture
def where(tmp_path: Path) -> Path:
    """A finished sweep's directory, called `done`."""
    sweep = Sweep(tmp_path)
    sweep.run_all()
    sweep.writer.close()
    return sweep.where.root.rename(tmp_path / "done")


def footer(file: Path, **changes: Any) -> None:
    table = pq.read_table(file)
    facts = json.loads(table.schema.metadata[b"tune_mc1"]) | changes
    pq.write_table(table.replace_schema_metadata({"tune_mc1": json.dumps(facts)}), file)


def lone(spoil: Callable[[Path], Any]) -> Callable[[Path], None]:
    """Spoils `trials.parquet` where no journal has the same facts."""

    def both(where: Path) -> None:
        (where / "journal.jsonl").unlink()
        spoil(where / "trials.parquet")

    return both


def make_directory(file: Path) -> None:
    file.unlink()
    file.mkdir()


def drop_column(file: Path) -> None:
    pq.write_table(pq.read_table(file).drop_columns(["trial"]), file)


def append(line: str) -> Callable[[Path], None]:
    def spoil(where: Path) -> None:
        with (where / "journal.jsonl").open("a") as file:
            file.write(line + "\n")

    return spoil


CANNOT = "HERE/done: cannot read its parquet files: "
NO_RESULTS = "not a result directory (no journal.jsonl or trials.parquet)"
COULD_NOT = CANNOT + "trials.parquet: "
DIRECTORIES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no results in it": (
        lambda w: shutil.rmtree(w) or w.mkdir(),  # type: ignore[func-returns-value]
        f"HERE/done: {NO_RESULTS}",
    ),
    "newer format": (
        lambda w: footer(w / "trials.parquet", format=99),
        "HERE/done/trials.parquet: has format 99, but this version of tune_mc1 reads up to 2; "
        "install a newer version",
    ),
    "parquet cut short": (
        lone(lambda f: f.write_bytes(f.read_bytes()[:-9])),
        COULD_NOT
        + "Parquet magic bytes not found in footer. Either the file is corrupted or this is "
        "not a parquet file.",
    ),
    "parquet that is empty": (
        lone(lambda f: f.write_bytes(b"")),
        COULD_NOT + "Parquet file size is 0 bytes",
    ),
    "somebody else's parquet": (
        lone(lambda f: pq.write_table(pa.table({"a": [1]}), f)),
        CANNOT + "not written by tune_mc1",
    ),
    "column that is missing": (
        lone(drop_column),
        "HERE/done/trials.parquet: must have the column 'trial'",
    ),
    "trials that are a directory": (
        lone(make_directory),
        CANNOT + "Cannot open for reading: path 'HERE/done/trials.parquet' is a directory",
    ),
    "event without a field": (
        append('{"event":"start","time":1.0}'),
        "HERE/done/journal.jsonl: broken event 'start' before byte SIZE: KeyError: 'trial'",
    ),
    "event of an unknown trial": (
        append('{"event":"epoch","trial":"t9999","epoch":1}'),
        "HERE/done/journal.jsonl: broken event 'epoch' before byte SIZE: KeyError: 't9999'",
    ),
    "event with a value of another type": (
        append('{"event":"trial","trial":"t0001","config":3,"time":1.0}'),
        "HERE/done/journal.jsonl: broken event 'trial' before byte SIZE: TypeError: 'int' object "
        "is not a mapping",
    ),
}


@pytest.mark.parametrize("command", ["show", "wandb sync"])
@pytest.mark.parametrize("name", DIRECTORIES)
def test_directory(command_line: CommandLine, where: Path, name: str, command: str) -> None:
    spoil, message = DIRECTORIES[name]
    spoil(where)
    journal = where / "journal.jsonl"
    if journal.exists():
        message = message.replace("SIZE", str(journal.stat().st_size))
    command_line.refuses(*command.split(), where, message=message)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("show", "none"),
            "HERE/none: not a result directory (no journal.jsonl or trials.parquet)",
        ),
        (
            ("show", "file"),
            "HERE/file: not a result directory (no journal.jsonl or trials.parquet)",
        ),
        (("show", "x" * 300), f"HERE/{'x' * 300}: cannot be read: File name too long"),
        (
            ("list", "none"),
            "none: no such directory; give the directory that contains results",
        ),
        (
            ("list", "file"),
            "file: no such directory; give the directory that contains results",
        ),
    ],
    ids=lambda x: str(x)[:30],
)
def test_path(command_line: CommandLine, words: tuple[str, ...], message: str) -> None:
    Path("file").touch()
    command_line.refuses(*words, message=message)


def test_a_journal_with_garbage_is_read_as_far_as_it_goes(
    command_line: CommandLine, where: Path
) -> None:
    with (where / "journal.jsonl").open("ab") as file:
        file.write(
            b'\xff\xfe\x00\n[1]\n3\nnull\n{"event":\n{"event":["x"]}\n{"event":"new"}\n{"eve'
        )
    assert command_line("show", where) == (0, [])


def test_list_names_what_it_cannot_read_and_goes_on(
    command_line: CommandLine, where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Sweep(where.parent)
    for directory in where.parent.iterdir():
        (directory / "sweep.yaml").touch()
    footer(where / "trials.parquet", format=99)
    status, errors = command_line("list", where.parent)
    assert (status, len(errors)) == (0, 1)
    assert "HERE/done/trials.parquet: has format 99, but" in errors[0]
