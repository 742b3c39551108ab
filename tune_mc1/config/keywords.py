"""What a constructor does with its `**kwargs`: names that it reads, and what it passes them to.

Python itself only knows that it takes any name, so its source is read.
"""

import ast
import builtins
import inspect
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_BASES = ("torch", "lightning", "pytorch_lightning", "lightning_fabric", "builtins", "abc")
"""Packages whose classes refuse names that they do not know."""

_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)

Parameters = Mapping[str, inspect.Parameter]


@dataclass(frozen=True)
class Keywords:
    """What a constructor takes by its `**kwargs`.

    Attributes:
        parameters: Parameters that are known by name.
        others: Whether it takes any other name too.
    """

    parameters: Parameters
    others: bool


NONE = Keywords({}, others=False)
ANY = Keywords({}, others=True)


def keywords_of(build: Callable[..., Any]) -> Keywords:
    """What a class or function takes by its `**kwargs`; nothing if it has none.

    Where they are passed on, what gets them decides; where they are only read by name, with `get`,
    `pop` or brackets, these names do. Otherwise any name passes, as where there is no source.

    Args:
        build: The class or function.
    """
    return _of_class(build.__mro__, ()) if isinstance(build, type) else _of(build, (), ())


def _of_class(kinds: Sequence[type], above: Sequence[Any]) -> Keywords:
    """The same of the first constructor of some classes, in the order in which Python asks them."""
    for i, kind in enumerate(kinds):
        if kind.__module__.partition(".")[0] in _BASES:
            return NONE
        if "__init__" in vars(kind):
            return _of(vars(kind)["__init__"], kinds[i + 1 :], above)
    return NONE


def _of(function: Callable[..., Any], bases: Sequence[type], above: Sequence[Any]) -> Keywords:
    function = inspect.unwrap(function)
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # written in C
        return ANY
    name = next((p.name for p in parameters if p.kind is p.VAR_KEYWORD), None)
    if name is None or function in above:
        return NONE
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return ANY
    uses = _Uses(name)
    uses.visit(tree)
    read = {n: p for n, p in uses.read.items() if n not in uses.given}
    if not uses.calls:
        return Keywords(read, others=uses.other or not read)
    found = [_of_call(call, function, bases, (*above, function)) for call in uses.calls]
    passed = {n: p for one in found for n, p in one.parameters.items() if n not in uses.given}
    if len(found) > 1:  # one or the other may be called
        passed = {n: p.replace(default=_default(p)) for n, p in passed.items()}
    return Keywords(passed | read, others=all(one.others for one in found))


def _default(parameter: inspect.Parameter) -> Any:
    return None if parameter.default is parameter.empty else parameter.default


def _of_call(
    call: ast.Call, function: Callable[..., Any], bases: Sequence[type], above: Sequence[Any]
) -> Keywords:
    """What takes keywords by being called with them, but for what the call itself gives."""
    func, skipped = call.func, 0
    if _is_super(func):
        inner = _of_class(bases, above)
        build: Any = next((k.__init__ for k in bases if "__init__" in vars(k)), object.__init__)  # type: ignore[misc]
        skipped = 1
    else:
        build = object_of(func, getattr(function, "__globals__", {}))
        if not callable(build):
            return ANY
        inner = (
            _of_class(build.__mro__, above) if isinstance(build, type) else _of(build, (), above)
        )
    try:
        named = list(inspect.signature(build).parameters.values())[skipped:]
    except (TypeError, ValueError):
        return ANY
    named = named[sum(not isinstance(arg, ast.Starred) for arg in call.args) :]
    given = {keyword.arg for keyword in call.keywords}
    own = {p.name: p for p in named if p.kind in _NAMED}
    known = {**inner.parameters, **own}
    return Keywords({n: p for n, p in known.items() if n not in given}, inner.others)


def _is_super(func: ast.expr) -> bool:
    """Whether it is `super().__init__`."""
    return (
        isinstance(func, ast.Attribute)
        and func.attr == "__init__"
        and isinstance(func.value, ast.Call)
        and isinstance(func.value.func, ast.Name)
        and func.value.func.id == "super"
    )


def object_of(expression: ast.expr, names: Mapping[str, Any]) -> Any:
    """What an expression such as `nets.Small` stands for; None if it is not known.

    Args:
        expression: The expression.
        names: Names of the module in which it is written.
    """
    if isinstance(expression, ast.Name):
        return names.get(expression.id, getattr(builtins, expression.id, None))
    if isinstance(expression, ast.Attribute):
        return getattr(object_of(expression.value, names), expression.attr, None)
    return None


@dataclass
class _Uses(ast.NodeVisitor):
    """Uses of keywords in a function.

    Attributes:
        name: Their name, such as `kwargs`.
        calls: Calls that get them.
        read: Names that are read from them.
        given: Names that are set in them.
        other: Whether they are used in another way, or saved as hyperparameters.
    """

    name: str
    calls: list[ast.Call] = field(default_factory=list)
    read: dict[str, inspect.Parameter] = field(default_factory=dict)
    given: set[str] = field(default_factory=set)
    other: bool = False

    def visit_Call(self, node: ast.Call) -> None:
        func = node.func
        rest: list[ast.AST] = [*node.args, *node.keywords]
        passed = [k for k in node.keywords if k.arg is None and self._is_it(k.value)]
        if passed:
            self.calls.append(node)
            rest = [part for part in rest if part not in passed]
        named = isinstance(func, ast.Attribute) and func.attr in ("get", "pop") and node.args
        if named and isinstance(func, ast.Attribute) and self._is_it(func.value):
            if (name := _text(node.args[0])) is not None:
                self._take(name, None)
                rest = rest[1:]
                func = ast.Constant(None)
        elif isinstance(func, ast.Attribute) and func.attr == "save_hyperparameters":
            self.other = self.other or not node.args
        for part in (func, *rest):
            self.visit(part)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        name = _text(node.slice)
        if name is None or not self._is_it(node.value):
            self.generic_visit(node)
        elif isinstance(node.ctx, ast.Load):
            self._take(name, inspect.Parameter.empty)
        else:
            self.given.add(name)

    def visit_Compare(self, node: ast.Compare) -> None:
        name = _text(node.left)
        if name is None or not self._is_it(node.comparators[0]):
            self.generic_visit(node)
        else:
            self._take(name, None)

    def visit_Name(self, node: ast.Name) -> None:
        self.other = self.other or node.id == self.name

    def _is_it(self, node: ast.AST) -> bool:
        return isinstance(node, ast.Name) and node.id == self.name

    def _take(self, name: str, default: Any) -> None:
        kind = inspect.Parameter.KEYWORD_ONLY
        self.read.setdefault(name, inspect.Parameter(name, kind, default=default))


def _text(node: ast.AST) -> str | None:
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, str) else None
