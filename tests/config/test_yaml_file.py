"""YAML that is broken, hostile, or read otherwise than it looks."""

from pathlib import Path

import pytest

from tests.support.sweep_files import BASE, load, mistakes
from tune_mc1.config.load import load_sweep
from tune_mc1.errors import InputError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sweep.yaml"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "sweep.yaml: is empty"),
        ("# nothing\n", "sweep.yaml: is empty"),
        ("- a\n", "must contain a mapping"),
        ("method\n", "must contain a mapping"),
        ("method: grid\n\tname: x\n", "sweep.yaml:2: is not valid YAML: found character '\\t'"),
        ("a: [1\nb: 2\n", "is not valid YAML"),
        ("a: !!python/object/apply:os.system [ls]\n", "sweep.yaml:1: is not valid YAML: could not"),
        ("a: 2020-99-99\n", "is not valid YAML: month must be in"),
        ("a: 1\n---\nb: 2\n", "is not valid YAML: but found another document"),
        (b"name: \xff\n", "sweep.yaml:1: must be UTF-8 text, got byte 0xff"),
        (b"name: a\0b\n", "must be text"),
        ("no: 1\n", "sweep.yaml:1: a key must be text, got no"),
        ("? [a]\n: 1\n", "sweep.yaml:1: a key must be text, got a sequence"),
        ("a: " + "[" * 60 + "]" * 60, "nested at most 40 levels deep"),
        ("a: " + "[" * 5000 + "]" * 5000, "nested too deeply"),
        ("a: &x [*x]\n", "nested at most 40 levels deep"),
        ("a: " + "x" * 300_000, "at most 256 KiB"),
        ("- " * 9 + "a", "must contain a mapping"),
    ],
    ids=lambda x: repr(x)[:30],
)
def test_broken_yaml_is_one_clean_line(file: Path, text: str | bytes, message: str) -> None:
    lines = mistakes(file, text)
    assert len(lines) == 1
    assert message in lines[0]


@pytest.mark.parametrize("merge", [False, True])
def test_alias_bombs_are_refused(file: Path, merge: bool) -> None:
    lines = ["l0: &l0 {a: 1, b: 2}"]
    for i in range(1, 30):
        inner = f"[*l{i - 1}, *l{i - 1}]"
        lines.append(f"l{i}: &l{i} " + (f"{{<<: {inner}}}" if merge else inner))
    assert "at most 50000 values, aliases expanded" in mistakes(file, "\n".join(lines))[0]


def test_aliases_and_merge_keys_work(file: Path) -> None:
    text = "x: &a {value: 3}\nparameters:\n  epochs: *a\n  batch_size: {<<: *a}\n"
    lines = mistakes(file, text)
    assert lines == [lines[0]]
    assert "x: unknown key" in lines[0]
    text = "parameters:\n  epochs: &a {value: 3}\n  batch_size: {<<: *a}\n"
    assert load(file, text).sweep.parameters["batch_size"].grid_value(0) == 3


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere.yaml: no such file$"):
        load_sweep(tmp_path / "nowhere.yaml")
    with pytest.raises(InputError, match=r"must be a YAML file, got a directory$"):
        load_sweep(tmp_path)
    (tmp_path / "a").touch()
    with pytest.raises(InputError, match=r"cannot be read: Not a directory$"):
        load_sweep(tmp_path / "a" / "b.yaml")


def test_duplicate_key_names_both_lines(file: Path) -> None:
    text = BASE + "method: random\n"
    assert mistakes(file, text) == [
        "sweep.yaml:4: method: the key is given twice, on lines 1 and 4"
    ]
