"""The public interface: what `import tune_mc1` gives, where it comes from, how fast."""

import subprocess
import sys
from importlib import import_module

import tune_mc1
from tune_mc1.files import PACKAGE

HEAVY = ("torch", "ray", "pandas", "numpy", "pydantic", "rich", "yaml", "lightning", "wandb")


def test_every_exported_name_is_documented() -> None:
    assert dir(tune_mc1) == sorted(tune_mc1.__all__)
    for name in tune_mc1.__all__:
        member = getattr(tune_mc1, name)
        if name != "__version__":
            assert member.__doc__, name
    assert sorted({*tune_mc1._MEMBERS, "__version__"}) == sorted(tune_mc1.__all__)


def test_names_are_those_that_type_checkers_see() -> None:
    for name, place in tune_mc1._MEMBERS.items():
        module, _, member = place.partition(":")
        assert getattr(import_module(module), member) is getattr(tune_mc1, name)


def test_type_checkers_of_users_see_the_types() -> None:
    """Without this file (PEP 561) they take a library for untyped."""
    assert (PACKAGE / "py.typed").is_file()


def test_errors_are_one_tree() -> None:
    assert issubclass(tune_mc1.InputError, tune_mc1.TuneMc1Error)
    assert issubclass(tune_mc1.TrialError, tune_mc1.TuneMc1Error)


def test_a_wrong_name_is_an_attribute_error() -> None:
    assert not hasattr(tune_mc1, "nothing")


def test_the_import_is_light() -> None:
    code = f"import sys, tune_mc1; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
