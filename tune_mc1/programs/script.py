"""Scripts and notebooks that start their own W&B sweep: what they sweep, and how a trial runs.

The script runs twice or more and is not changed: once until it calls `wandb.agent`, and once per
trial. So what it does before that call, such as loading data, happens in each.
"""

import ast
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeGuard

from tune_mc1.errors import InputError
from tune_mc1.files import PACKAGE
from tune_mc1.programs.command import Command, find_interpreter
from tune_mc1.programs.failure import last_words
from tune_mc1.programs.notebook import notebook_to_script
from tune_mc1.programs.process import Program

_HOST = PACKAGE / "programs" / "script_host.py"


@dataclass(frozen=True)
class ScriptSweep:
    """What a script hands to W&B.

    Attributes:
        config: The configuration: the content of a sweep file.
        count: How many trials its agent runs; None for no limit.
        command: Runs one trial. None if the configuration has a `program` that does.
        notices: What of the script is not run.
    """

    config: dict[str, Any]
    count: int | None
    command: Command | None
    notices: tuple[str, ...] = ()


def read_script(
    script: Path,
    folder: Path,
    arguments: Sequence[str] = (),
    environment: Mapping[str, str] = os.environ,
    limit_s: float = 600.0,
) -> ScriptSweep:
    """Runs a script up to `wandb.agent` to find its sweep, without a network.

    Args:
        script: A Python script or a notebook; it runs in the current directory.
        folder: Directory for files that are needed while the sweep runs.
        arguments: Arguments of the script.
        environment: Its environment.
        limit_s: Seconds in which it must get there.

    Raises:
        InputError: It cannot be read, ends with an error, or starts no sweep.
    """
    if not script.is_file():
        raise InputError(f"{script}: no such file")
    folder.mkdir(parents=True, exist_ok=True)
    home, source = script.absolute().parent, script.absolute()
    if script.suffix == ".ipynb":
        source = notebook_to_script(script, folder / f"{script.stem}.py")
    interpreter = find_interpreter(environment)
    found, log = folder / "found.json", folder / "find.log"
    for old in (found, log):
        old.unlink(missing_ok=True)
    line = [interpreter, str(_HOST), "find", str(found.absolute()), str(home), str(source)]
    with Program([*line, *arguments], Path.cwd(), _offline(environment, folder), log) as program:
        ending = program.wait(limit_s)
    if not found.exists() or ending is None or not ending.ok:
        raise InputError(f"{script}: {_why_not(ending, log, limit_s)}")
    words = (interpreter, str(_HOST), "trial", "-", str(home), str(source), *arguments)
    swept = _sweep(script, json.loads(found.read_text(encoding="utf-8")), words)
    return replace(swept, notices=(*swept.notices, *_further_calls(script, source)))


def _further_calls(script: Path, source: Path) -> list[str]:
    """A notice if the code calls `wandb.agent` at several places, or in a loop."""
    loops = (ast.For, ast.While, ast.comprehension, ast.ListComp)
    tree = ast.parse(source.read_bytes())
    calls = {node.lineno for node in ast.walk(tree) if _is_agent(node)}
    repeated = {
        node.lineno
        for loop in ast.walk(tree)
        if isinstance(loop, loops)
        for node in ast.walk(loop)
        if _is_agent(node)
    }
    if len(calls) < 2 and not repeated:
        return []
    lines = ", ".join(map(str, sorted(calls)))
    where = f"line {lines}, in a loop" if len(calls) == 1 else f"lines {lines}"
    rule = "only the first that is reached is run"
    return [f"{script}: has several calls of wandb.agent ({where}); {rule}"]


def _is_agent(node: ast.AST) -> TypeGuard[ast.Call]:
    if not isinstance(node, ast.Call):
        return False
    function = node.func
    if isinstance(function, ast.Attribute):
        owner = function.value
        return function.attr == "agent" and isinstance(owner, ast.Name) and owner.id == "wandb"
    return isinstance(function, ast.Name) and function.id == "agent"


def _sweep(script: Path, found: dict[str, Any], words: tuple[str, ...]) -> ScriptSweep:
    config = found.get("config")
    if "config" not in found:
        raise InputError(
            f"{script}: calls wandb.agent for a sweep on W&B's server, must call wandb.sweep before"
        )
    if not isinstance(config, dict):
        raise InputError(f"{script}: wandb.sweep must get a dict, got {config!r}")
    names = {"project": found["project"], "entity": found["entity"]}
    config |= {name: value for name, value in names.items() if value is not None}
    others: tuple[str, ...] = ()
    if (count := found["sweeps"]) > 1:
        told = "the one that its first call of wandb.agent gets is run"
        others = (f"{script}: creates {count} sweeps; {told}",)
    if found.get("function"):
        return ScriptSweep(config, found["count"], Command(words), others)
    if "program" not in config and "command" not in config:
        raise InputError(
            f"{script}: must hand a function to wandb.agent, or name a program in the configuration"
        )
    return ScriptSweep(config, found.get("count"), None, others)


def _why_not(ending: Any, log: Path, limit_s: float) -> str:
    if ending is None:
        return f"did not call wandb.agent within {limit_s:.0f} s"
    if ending.ok:
        return "calls neither wandb.sweep nor wandb.agent"
    return f"{ending} before it called wandb.agent; last lines: {last_words(log)}"


def _offline(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """An environment in which nothing reaches W&B's server."""
    keyless = {name: value for name, value in environment.items() if name != "WANDB_API_KEY"}
    return keyless | {"WANDB_MODE": "offline", "WANDB_DIR": str(folder.absolute())}
