"""Sweep files that cannot be read or are none, through the command line: one exact line each."""

import pytest

from tests.support.bad_input import PARAMETERS, CommandLine

BOMB = "\n".join(["l0: &l0 {a: 1}", *(f"l{i}: &l{i} [*l{i - 1}, *l{i - 1}]" for i in range(1, 30))])
NO_MAPPING = ": must contain a mapping of keys to values, got other content"
QUOTES = "(put it in quotes; YAML reads yes, no, on and off as booleans)"

CONTENTS: dict[str, tuple[bytes | str, str]] = {
    "empty": ("", ": is empty, must contain a mapping of keys to values"),
    "comments only": ("# x\n", ": is empty, must contain a mapping of keys to values"),
    "binary": (bytes(range(256)), ":2: must be UTF-8 text, got byte 0x80"),
    "NUL": ("name: a\0b\n", ":1: must be text, got the character '\\x00'"),
    "UTF-16": ("method: grid".encode("utf-16"), ":1: must be UTF-8 text, got byte 0xff"),
    "Latin-1": (b"method: grid\nname: caf\xe9\n", ":2: must be UTF-8 text, got byte 0xe9"),
    "list": ("- a\n", NO_MAPPING),
    "scalar": ("grid\n", NO_MAPPING),
    "HTML": ("<!DOCTYPE html><html></html>", NO_MAPPING),
    "CSV": ("learning_rate,val_acc\n0.1,0.5\n", NO_MAPPING),
    "tab": (
        "method: grid\n\tname: x\n",
        ":2: is not valid YAML: found character '\\t' that cannot start any token "
        "(indent with spaces)",
    ),
    "unclosed list": (
        "a: [1\nb: 2\n",
        ":2: is not valid YAML: expected ',' or ']', but got ':'",
    ),
    "two documents": ("a: 1\n---\nb: 2\n", ":2: is not valid YAML: but found another document"),
    "half of a JSON": (
        '{"method": "grid", ',
        ":1: is not valid YAML: expected the node content, but found '<stream end>'",
    ),
    "Python object": (
        "a: !!python/object/apply:os.system [touch owned]\n",
        ":1: is not valid YAML: could not determine a constructor for the tag "
        "'tag:yaml.org,2002:python/object/apply:os.system'",
    ),
    "Python name": (
        "a: !!python/name:os.system\n",
        ":1: is not valid YAML: could not determine a constructor for the tag "
        "'tag:yaml.org,2002:python/name:os.system'",
    ),
    "own tag": (
        "a: !mine 3\n",
        ":1: is not valid YAML: could not determine a constructor for the tag '!mine'",
    ),
    "tag that does not fit": (
        "run_cap: !!int ''\n",
        ": is not valid YAML: a value does not fit its tag, such as !!bool or !!int",
    ),
    "set": (
        "parameters: !!set {learning_rate}\n",
        ":1: parameters: must be a mapping such as `{learning_rate: {values: [0.01, 0.03]}}`, got "
        "{'learning_rate'}",
    ),
    "no date": ("a: 2020-99-99\n", ": is not valid YAML: month must be in 1..12"),
    "huge number": (
        "run_cap: " + "9" * 5000,
        ": is not valid YAML: Exceeds the limit (4300 digits) for integer string conversion: "
        "value has 5000 digits",
    ),
    "boolean key": ("no: 1\n", f":1: a key must be text, got no {QUOTES}"),
    "list as key": ("? [a]\n: 1\n", f":1: a key must be text, got a sequence {QUOTES}"),
    "key twice": (
        f"method: grid\nmethod: random\n{PARAMETERS}",
        ":2: method: the key is given twice, on lines 1 and 2",
    ),
    "nested": ("a: " + "[" * 60 + "]" * 60, ":1: must be nested at most 40 levels deep"),
    "nested very deeply": ("a: " + "[" * 5000 + "]" * 5000, ": is nested too deeply"),
    "alias in itself": ("a: &x [*x]\n", ":1: must be nested at most 40 levels deep"),
    "unknown alias": ("a: *x\n", ":1: is not valid YAML: found undefined alias 'x'"),
    "alias bomb": (BOMB, ":1: must have at most 50000 values, aliases expanded"),
    "huge": ("a: " + "x" * 300_000, ": must be at most 256 KiB, which no sweep exceeds"),
    "YAML 9": (
        "%YAML 9.9\n---\na: 1\n",
        ":1: is not valid YAML: found incompatible YAML document (version 1.* is required)",
    ),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_content(command_line: CommandLine, name: str) -> None:
    content, message = CONTENTS[name]
    file = command_line.here / "sweep.yaml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    words = ("sweep", "random", file, "-n", "2", "-d", "shapes10")
    command_line.refuses(*words, message=f"HERE/sweep.yaml{message}")


PATHS = {
    "none.yaml": "none.yaml: no such file",
    ".": ".: must be a YAML file, got a directory",
    "file/sweep.yaml": "file/sweep.yaml: cannot be read: Not a directory",
    "loop.yaml": "loop.yaml: cannot be read: Too many levels of symbolic links",
    "/dev/zero": "/dev/zero: must be at most 256 KiB, which no sweep exceeds",
    "/dev/null": "/dev/null: is empty, must contain a mapping of keys to values",
    "/proc/self/mem": "/proc/self/mem: cannot be read: Input/output error",
    "two\nlines": "two\\nlines: no such file",
    "x" * 300: "x" * 300 + ": cannot be read: File name too long",
    "caf\udce9.yaml": "caf\\udce9.yaml: no such file",
}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ascii(path)[:20])
def test_path(command_line: CommandLine, path: str) -> None:
    (command_line.here / "file").touch()
    (command_line.here / "loop.yaml").symlink_to("loop.yaml")
    command_line.refuses("sweep", "grid", path, message=PATHS[path])
