"""Saved hyperparameters that are more than data: named, or saved as by LightningCLI."""

import ast
import inspect
import io
import textwrap
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import PurePath
from typing import Any

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from tune_mc1.modules.arguments import Arguments
from tune_mc1.modules.checkpoints import MORE_THAN_DATA
from tune_mc1.modules.classes import name_of
from tune_mc1.modules.published_arguments import partial_types, without_groups
from tune_mc1.training.lightning_private import INSTANTIATOR

_PLAIN = (bool, int, float, str, bytes, type(None))
_PARTS = {"model": "module", "data": "datamodule"}


class PlainHyperparameters(Callback):
    """Saves arguments that are objects by their class and its arguments, as LightningCLI does.

    Checkpoints then are data only, and `load_from_checkpoint` makes the objects again. In the
    module, `hparams` keeps the objects.

    Args:
        described: Arguments of each part as the sweep file gives them, where they are plain data.
    """

    def __init__(self, described: Mapping[str, Mapping[str, Any]]) -> None:
        self._described = described
        self._found: dict[str, dict[str, Any]] = {}

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """A checkpoint is about to be written."""
        for part, one in (("model", pl_module), ("data", getattr(trainer, "datamodule", None))):
            key = getattr(one, "CHECKPOINT_HYPER_PARAMS_KEY", None)
            saved = checkpoint.get(key) if key is not None else None
            if not isinstance(saved, dict) or key is None:
                continue
            checkpoint[key] = saved = {name: without_groups(saved[name]) for name in saved}
            if part not in self._found:
                known = self._described.get(part, {})
                code = [name for name in saved if name in known and code_in(saved[name])]
                self._found[part] = {name: known[name] for name in code}
            if found := self._found[part]:
                # Lightning cannot make the former, and then takes the objects as keywords
                by = {} if partial_types(type(one)) else INSTANTIATOR
                checkpoint[key] = {**saved, **found, **by}


def code_in(value: Any) -> list[str]:
    """Classes and functions that a value needs to be loaded; none if it is data only.

    What cannot be saved has none, as Lightning leaves it out.
    """
    if type(value) in _PLAIN:
        return []
    file = io.BytesIO()
    try:
        torch.save(value, file)
    except Exception:
        return []
    file.seek(0)
    return sorted(torch.serialization.get_unsafe_globals_in_checkpoint(file))


def described(parsed: Any) -> dict[str, dict[str, Any]]:
    """The arguments of module and data module that are plain data, before objects are made.

    Paths and members of enumerations are text, of which the parser makes them again.

    Args:
        parsed: From `Arguments.parse`.
    """
    found: dict[str, dict[str, Any]] = {}
    for part in (part for part in _PARTS if part in vars(parsed)):
        plain = {name: _as_text(value) for name, value in parsed[part].as_dict().items()}
        found[part] = {name: value for name, value in plain.items() if not code_in(value)}
    return found


def _as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_text(inner) for key, inner in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(_as_text, value))
    if isinstance(value, Enum):
        return value.name
    return str(value) if isinstance(value, PurePath) else value


def code_in_hyperparameters(arguments: Arguments, parsed: Any) -> Iterator[str]:
    """Says which arguments will make checkpoints more than data, a line for each part.

    Args:
        arguments: The parser of the sweep's classes.
        parsed: Arguments of a trial.
    """
    for part, known in described(parsed).items():
        one = arguments.classes.parts[part]
        given = [name for name in vars(parsed[part]) if name not in known]
        saved = _saved(one, given) if isinstance(one, type) and given else []
        if saved:
            names = ", ".join(saved)
            yield (
                f"{_PARTS[part]}: {name_of(one)} saves {names} with its hyperparameters, "
                f"{MORE_THAN_DATA}, or save_hyperparameters(ignore={saved!r})"
            )


def _saved(kind: type, names: list[str]) -> list[str]:
    """Those arguments of a class that its constructors save."""
    calls = [call for base in kind.__mro__ for call in _calls(vars(base).get("__init__"))]
    found = []
    for call in calls:
        listed, ignored = [_texts(arg) for arg in call.args], _ignored(call)
        if any(not texts for texts in listed):  # a mapping, or what only running would say
            continue
        only = [text for texts in listed for text in texts]
        found += [n for n in names if n not in ignored and (n in only or not only)]
    return list(dict.fromkeys(found))


def _calls(function: Any) -> Iterator[ast.Call]:
    """Calls of `save_hyperparameters` in a function of the user's."""
    if not inspect.isfunction(function) or function.__module__.startswith(("lightning.", "torch.")):
        return
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))
    except (OSError, SyntaxError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".save_hyperparameters"):
            yield node


def _ignored(call: ast.Call) -> list[str]:
    return [
        text
        for keyword in call.keywords
        if keyword.arg == "ignore"
        for text in _texts(keyword.value)
    ]


def _texts(node: ast.expr) -> list[str]:
    parts = node.elts if isinstance(node, ast.List | ast.Tuple) else [node]
    values = [part.value for part in parts if isinstance(part, ast.Constant)]
    return [value for value in values if isinstance(value, str)]
