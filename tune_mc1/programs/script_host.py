"""Runs a script that starts its own W&B sweep, with `wandb.sweep` and `wandb.agent` replaced.

It is run by its file name, in the user's interpreter, and imports nothing of this package:

    python script_host.py find OUT HOME SCRIPT [ARGUMENT...]
    python script_host.py trial - HOME SCRIPT [ARGUMENT...]

`find` writes what the script hands to the two functions to OUT, as JSON, and ends at
`wandb.agent`. `trial` calls the function that the script hands to `wandb.agent` once, with the
parameters that the environment names, and ends. HOME is the directory of the script's imports.
"""

import json
import os
import sys
import types
from pathlib import Path
from typing import Any, NoReturn

SWEEP_ID = "sweep"


class Finder:
    """Notes what a script hands over.

    Args:
        out: File for it.
    """

    def __init__(self, out: str) -> None:
        self._out = Path(out)
        self._found: dict[str, Any] = {}
        self._sweeps: dict[str, dict[str, Any]] = {}

    def sweep(self, sweep: Any, entity: Any = None, project: Any = None, *_: Any, **__: Any) -> str:
        """In place of `wandb.sweep`; without a call of `wandb.agent` the first one counts."""
        config = sweep() if callable(sweep) else sweep
        number = len(self._sweeps) + 1
        sweep_id = SWEEP_ID if number == 1 else f"{SWEEP_ID}{number}"
        self._sweeps[sweep_id] = {"config": config, "entity": entity, "project": project}
        if number == 1:
            self._found = self._sweeps[sweep_id]
        self._found["sweeps"] = number
        self._write()
        return sweep_id

    def agent(
        self,
        sweep_id: Any,
        function: Any = None,
        entity: Any = None,
        project: Any = None,
        count: Any = None,
        **_: Any,
    ) -> NoReturn:
        """In place of `wandb.agent`; runs the sweep of its id, or of `ENTITY/PROJECT/ID`."""
        named = str(sweep_id).rsplit("/", 1)[-1]
        self._found = self._sweeps.get(named, {})
        self._found |= {"function": callable(function), "count": count}
        self._found["sweeps"] = len(self._sweeps)
        self._write()
        sys.exit(0)

    def _write(self) -> None:
        text = json.dumps(self._found, default=_plain)
        self._out.write_text(text, encoding="utf-8")


class Trial:
    """Runs one trial."""

    def sweep(self, *_: Any, **__: Any) -> str:
        """In place of `wandb.sweep`."""
        return os.environ.get("WANDB_SWEEP_ID", SWEEP_ID)

    def agent(self, sweep_id: Any, function: Any = None, *_: Any, **__: Any) -> NoReturn:
        """In place of `wandb.agent`."""
        import wandb

        if not callable(function):
            sys.exit("wandb.agent was called without a function")
        try:
            function()
        except BaseException as error:
            ended_well = isinstance(error, SystemExit) and not error.code
            wandb.finish(exit_code=0 if ended_well else 1)
            raise
        wandb.finish()
        sys.exit(0)


def main() -> None:
    """Replaces the functions, and runs the script as if by `python SCRIPT`."""
    mode, out, home, script, *arguments = sys.argv[1:]
    sys.argv, sys.path[0] = [script, *arguments], home
    _replace(Finder(out) if mode == "find" else Trial())
    code = compile(Path(script).read_bytes(), script, "exec")
    module = types.ModuleType("__main__")
    vars(module).update(__file__=script, __builtins__=__builtins__)
    sys.modules["__main__"] = module
    exec(code, vars(module))
    if mode == "trial":
        sys.exit("the script ended without a call of wandb.agent")


def _replace(by: Finder | Trial) -> None:
    import wandb
    import wandb.sdk
    import wandb.wandb_agent

    for place in (wandb, wandb.sdk):
        vars(place)["sweep"] = by.sweep
    for place in (wandb, wandb.wandb_agent):
        vars(place)["agent"] = by.agent
    if os.environ.get("WANDB_MODE") != "online":
        vars(wandb)["login"] = lambda *_, **__: True


def _plain(value: Any) -> Any:
    """A value of NumPy or PyTorch, a set or a range as JSON has it."""
    for method in ("tolist", "item"):
        if hasattr(value, method):
            return getattr(value, method)()
    if isinstance(value, set | frozenset | range):
        return list(value)
    raise TypeError(f"a sweep's configuration cannot hold {value!r}")


if __name__ == "__main__":
    main()
