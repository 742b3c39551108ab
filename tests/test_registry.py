"""Registries: names, plugins of other packages, and what is wrong with one."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.plugins import write_plugin
from tune_mc1.registry import Registry, resolve

ASK = (
    "from tune_mc1.registry import Registry\n"
    "PARTS = Registry('part')\n"
    "import sys; sys.modules['shelf'] = sys.modules['__main__']\n"
    "print(list(PARTS))\n"
)


def ask(plugins: Path, code: str = ASK) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": f"{plugins}:{Path(__file__).parents[1]}"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_name_is_taken_once() -> None:
    parts: Registry[int] = Registry("part")
    assert parts.register("one", 1) == 1
    with pytest.raises(ValueError, match="part 'one' is already registered"):
        parts.register("one", 2)
    assert dict(parts) == {"one": 1}


def test_an_unknown_name_is_told_the_nearest() -> None:
    parts: Registry[int] = Registry("part")
    parts.register("cosine", 1)
    with pytest.raises(ValueError, match="must be one of cosine, did you mean 'cosine'"):
        parts.find("cosinus")


def test_a_plugin_of_another_package_registers_its_part(tmp_path: Path) -> None:
    write_plugin(tmp_path, "import shelf\nshelf.PARTS.register('third', 3)\n")
    done = ask(tmp_path)
    assert (done.stdout, done.stderr) == ("['third']\n", "")


def test_a_plugin_that_cannot_be_imported_is_named(tmp_path: Path) -> None:
    write_plugin(tmp_path, "import no_such_module\n")
    done = ask(tmp_path)
    assert done.stderr.splitlines()[-1] == (
        "tune_mc1.errors.InputError: plugin my_plugin of my-plugin 1.0 (my_plugin): cannot be "
        "imported: ModuleNotFoundError(\"No module named 'no_such_module'\")"
    )


def test_paths_are_resolved() -> None:
    assert resolve("tune_mc1.registry:resolve") is resolve


def test_a_plugin_cannot_take_the_name_of_a_part_that_ships(tmp_path: Path) -> None:
    write_plugin(
        tmp_path, "from tune_mc1.config.search import SEARCHES\nSEARCHES.register('grid', None)\n"
    )
    done = ask(
        tmp_path, "import sys\nfrom tune_mc1.cli.app import main\nsys.argv = ['', 'list']\nmain()"
    )
    assert done.returncode == 2
    assert done.stderr == (
        "plugin my_plugin of my-plugin 1.0 (my_plugin): cannot be imported: "
        "ValueError(\"search 'grid' is already registered\")\n"
    )


def test_a_plugin_does_not_hide_a_part_that_ships(tmp_path: Path) -> None:
    write_plugin(
        tmp_path,
        "from tune_mc1.config.early_terminate import EARLY_TERMINATE\n"
        "EARLY_TERMINATE.register('asha', None)\n",
    )
    done = ask(
        tmp_path,
        "import tune_mc1.registry\n"
        "from tune_mc1.config.early_terminate import EARLY_TERMINATE\n"
        "tune_mc1.registry.load_plugins()\n"
        "print(EARLY_TERMINATE['asha'])\n",
    )
    assert done.stdout == ""
    assert done.stderr.rstrip().endswith(
        "early_terminate type 'asha' ships with tune_mc1: a plugin must not take its name"
    )
