"""What Lightning refuses of a module's class, as far as the class and its source say."""

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lightning.pytorch import LightningDataModule, LightningModule
from lightning.pytorch.core.hooks import DataHooks
from torch.optim import Optimizer

from tune_mc1.config.keywords import object_of

_NEEDED = ("training_step", "configure_optimizers")
_REMOVED = {
    "training_epoch_end": "on_train_epoch_end",
    "validation_epoch_end": "on_validation_epoch_end",
}
_LIBRARIES = ("torch", "lightning", "pytorch_lightning", "lightning_fabric", "builtins", "abc")
_AUTOMATIC = "automatic_optimization"
_BY_HAND = f"self.{_AUTOMATIC} = False and a training_step that steps them itself"


def refused_forms(kind: type) -> Iterator[str]:
    """Rules that a LightningModule violates; each trial would end with Lightning's own error.

    Args:
        kind: Its class.
    """
    name = kind.__name__
    for hook in _NEEDED:
        if getattr(kind, hook) is getattr(LightningModule, hook):
            yield f"{name} has no {hook}"
    for hook, new in _REMOVED.items():
        if callable(getattr(kind, hook, None)):
            yield f"{name} has {hook}, which Lightning 2 does not call: {new} takes its place"
    if "optimizer_idx" in inspect.signature(kind.training_step).parameters:  # type: ignore[attr-defined]
        yield (
            f"{name}.training_step takes optimizer_idx, which Lightning 2 does not give: several "
            f"optimisers need {_BY_HAND}"
        )
    elif (count := _optimizers(kind)) > 1 and not _may_mention(kind, _AUTOMATIC):
        yield f"{name}.configure_optimizers returns {count} optimisers, which need {_BY_HAND}"


def without_data(module: Any, datamodule: Any) -> str | None:
    """The rule that is violated if neither a module nor a data module has images to train with.

    Args:
        module: The LightningModule's class, or a function that returns one.
        datamodule: The LightningDataModule's, or None.
    """
    sources = [module] if datamodule is None else [module, datamodule]
    for one in sources:
        if not isinstance(one, type) or one is LightningDataModule:
            return None
        if one.train_dataloader is not DataHooks.train_dataloader:  # type: ignore[attr-defined]
            return None
        if _may_mention(one, "train_dataloader"):
            return None
    names = " nor ".join(one.__name__ for one in sources)
    if datamodule is None:
        return f"{names} has no train_dataloader, and there is no datamodule"
    return f"neither {names} has a train_dataloader"


def is_by_hand(kind: Any) -> bool:
    """Whether a module's constructor says for certain that it steps its optimisers itself.

    Args:
        kind: Its class, or a function that returns one.
    """
    if not isinstance(kind, type):
        return False
    if vars(kind).get(_AUTOMATIC) is False:
        return True
    body = _body(vars(kind).get("__init__"))
    lines = [ast.unparse(line).replace(" ", "") for line in body]
    return [line for line in lines if line.startswith(f"self.{_AUTOMATIC}=")][-1:] == [
        f"self.{_AUTOMATIC}=False"
    ]


def _may_mention(kind: type, word: str) -> bool:
    """Whether the source of a class of the user's has a word, or cannot be read."""
    for base in kind.__mro__:
        if base.__module__.partition(".")[0] in _LIBRARIES:
            continue
        try:
            if word in inspect.getsource(base):
                return True
        except (OSError, TypeError):
            return True
    return False


def _optimizers(kind: type) -> int:
    """Number of optimisers that the only `return` of `configure_optimizers` lists for certain."""
    function = inspect.unwrap(kind.configure_optimizers)  # type: ignore[attr-defined]
    body = _body(function)
    nodes = [node for line in body for node in ast.walk(line)]
    if any(isinstance(node, ast.FunctionDef | ast.Lambda) for node in nodes):
        return 0
    returned = [node.value for node in nodes if isinstance(node, ast.Return)]
    if len(returned) != 1:
        return 0
    names = getattr(function, "__globals__", {})
    made = {
        target.id
        for node in nodes
        if isinstance(node, ast.Assign) and _is_optimizer(node.value, names, ())
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    listed = _elements(returned[0])
    if listed and (inner := _elements(listed[0])):  # optimisers, and then their schedulers
        listed = inner
    return sum(_is_optimizer(node, names, made) for node in listed)


def _elements(node: ast.expr | None) -> Sequence[ast.expr]:
    return node.elts if isinstance(node, ast.List | ast.Tuple) else []


def _is_optimizer(
    node: ast.expr | None, names: Mapping[str, Any], made: Sequence[str] | set[str]
) -> bool:
    """Whether an expression makes an optimiser, names one, or describes one for Lightning."""
    if isinstance(node, ast.Name):
        return node.id in made
    if isinstance(node, ast.Dict):
        keys = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
        return "optimizer" in keys
    kind = object_of(node.func, names) if isinstance(node, ast.Call) else None
    return isinstance(kind, type) and issubclass(kind, Optimizer)


def _body(function: Any) -> list[ast.stmt]:
    """The statements of a function; none if its source cannot be read."""
    try:
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    except (OSError, TypeError, SyntaxError, ValueError):
        return []
    return tree.body if isinstance(tree, ast.FunctionDef) else []
