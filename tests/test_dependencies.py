"""What the package imports is what it declares: at run time, or in the extra that needs it."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import packages_distributions

from tune_mc1.files import PACKAGE

PROJECT = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
WHERE = {
    "bayes": ("exports/optuna_space.py", "exports/optuna_study.py", "running/search"),
    "cluster": ("cluster/jobs", "cluster/files/node_config.py"),
    "export": ("inference/formats.py",),
    "mlflow": ("exports/runs.py", "tracking/mlflow"),
    "modules": ("modules/arguments.py",),
    "notebook": ("api/display.py", "programs/notebook.py"),
    "report": ("api/display.py", "api/figures.py", "api/outputs.py", "reporting"),
    "tensorboard": ("tracking/tensorboard",),
    "timm": (
        *("config/model_libraries.py", "config/model_signature.py", "models/blocks.py"),
        "models/pretrained.py",
    ),
    "watch": ("page",),
}
"""Where an extra may be needed; the rest of the package does without."""

BY_OTHERS = {"alembic", "cmaes", "onnxscript", "sqlalchemy"}
"""Imported by what we import: Optuna samples, `torch.onnx` writes, MLflow keeps a database."""


def imports() -> Iterator[tuple[str, str]]:
    """Files, and the top-level modules of others that each imports."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            modules = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules = [node.module]
            for module in {name.partition(".")[0] for name in modules}:
                if module not in sys.stdlib_module_names and module != "tune_mc1":
                    yield str(path.relative_to(PACKAGE)), module


def names(requirements: list[str]) -> set[str]:
    return {normal(re.split(r"[^A-Za-z0-9_.-]", line)[0]) for line in requirements}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def distributions(found: Mapping[str, list[str]], module: str) -> set[str]:
    """The distributions that may be declared for a module."""
    own = {
        "botocore": "boto3",
        "lightning_utilities": "lightning",
        "pydantic_core": "pydantic",
        "google": "protobuf",
    }
    if module in own:  # one that comes with another, of which it is part
        return {own[module]}
    return {normal(name) for name in found.get(module, [module])}


def test_what_is_imported_is_declared() -> None:
    found = packages_distributions()
    always = names(PROJECT["dependencies"])
    for file, module in imports():
        extras = [name for name, places in WHERE.items() if file.startswith(places)]
        declared = always.union(*(names(EXTRAS[name]) for name in extras))
        assert distributions(found, module) & declared, f"{file} imports {module}: not declared"


def test_what_is_declared_is_imported() -> None:
    found = packages_distributions()
    used = {name for _, module in imports() for name in distributions(found, module)}
    declared = names(PROJECT["dependencies"]).union(*(names(EXTRAS[name]) for name in WHERE))
    declared -= BY_OTHERS
    assert declared <= used, f"declared, and nowhere imported: {sorted(declared - used)}"
