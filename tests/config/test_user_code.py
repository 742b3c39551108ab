"""The user's own code is imported from its directory, or refused in one line that says why."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tune_mc1.config import user_code
from tune_mc1.config.user_code import (
    UserCodeError,
    directories_here,
    import_object,
    is_user_code,
    look_in,
    reason_of,
)

FILES = {
    "uc_net.py": "class Net:\n    class Inner:\n        pass\n",
    "uc_pack/parts.py": "from uc_net import Net as Part\n",
    "uc_lacks.py": "import json\nimport uc_not_there\n",
    "uc_syntax.py": "x = 1\ndef f(:\n",
    "uc_raises.py": "import json\n\njson.loads('{')\n",
    "uc_exits.py": "import sys\nsys.exit(2)\n",
}

REFUSED = {
    "uc_net": "must be package.module:Name",
    "uc_net:": "must be package.module:Name",
    "uc_net:Nett": "HERE/uc_net.py has no 'Nett', did you mean 'Net'?",
    "uc_nets:Net": "there is no module uc_nets, did you mean 'uc_net'? (in HERE, or among the "
    "installed packages)",
    "uc_pack.part:Part": "there is no module uc_pack.part, did you mean 'parts'? (in HERE/uc_pack)",
    "uc_lacks:X": "module uc_lacks cannot be imported: ModuleNotFoundError: No module named "
    "'uc_not_there' (uc_lacks.py:2)",
    "uc_syntax:X": "module uc_syntax cannot be imported: SyntaxError: invalid syntax "
    "(uc_syntax.py:2)",
    "uc_raises:X": "module uc_raises cannot be imported: JSONDecodeError: Expecting property name "
    "enclosed in double quotes: line 1 column 2 (char 1) (uc_raises.py:3)",
    "uc_exits:X": "module uc_exits exits when it is imported (uc_exits.py:2): code that runs "
    'belongs under `if __name__ == "__main__"`',
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(user_code, "_directories", [])
    look_in([tmp_path])
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("uc_")]:
        del sys.modules[name]


def test_it_is_found_in_its_directory(here: Path) -> None:
    assert import_object("uc_net:Net").__name__ == "Net"
    assert import_object("uc_net:Net.Inner").__qualname__ == "Net.Inner"
    assert import_object("uc_pack.parts:Part") is import_object("uc_net:Net")
    assert sys.path[0] == str(here)


@pytest.mark.parametrize("name", list(REFUSED))
def test_what_keeps_it_from_being_imported_is_one_line(here: Path, name: str) -> None:
    with pytest.raises(UserCodeError) as caught:
        import_object(name)
    assert str(caught.value) == REFUSED[name].replace("HERE", str(here))


def test_only_names_with_a_module_are_names_of_code() -> None:
    good = ["a:B", "a.b:C.d"]
    bad = ["a", "a:", ":b", "a b:c", "a:1", "C:\\x", 3, None]
    assert [n for n in (*good, *bad) if is_user_code(n)] == good


def test_a_node_of_a_cluster_has_the_directories_in_its_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    places = ["/home/me/work/nets", "/home/me/work", "/elsewhere"]
    assert directories_here(places, None) == places
    assert directories_here(places, "/home/me/work") == [f"{tmp_path}/nets", f"{tmp_path}"]


def test_an_error_with_a_long_text_is_a_short_line() -> None:
    """PyTorch names all forms of a function that was called with wrong arguments."""
    assert reason_of(KeyError("rleu")) == "KeyError: 'rleu'"
    assert reason_of(TypeError("no\nform " * 200)) == f"TypeError: {('no form ' * 200)[:300]}..."
