"""What a notebook expects of IPython, for its code as a script: it is put before that code."""

import builtins
import os
import re
import subprocess
import sys
from typing import Any

_INSTALLS = ("pip ", "pip3 ", "conda ", "mamba ", "apt", "sudo apt", "uv pip", "wandb login")
_TIMES = ("time", "timeit", "capture")


class _Shell:
    """Commands of the shell are run, installations and magics are left out and said."""

    user_ns = globals()

    def system(self, command: str) -> None:
        """`!command`."""
        if command.strip().startswith(_INSTALLS):
            print(f"left out: !{command}", file=sys.stderr)
        else:
            subprocess.run(command, shell=True, check=False)

    def run_line_magic(self, name: str, line: str, *_: Any) -> Any:
        """`%name line`."""
        if name == "cd":
            os.chdir(line)
        elif name in ("env", "set_env") and re.search("[= ]", line):
            key, value = re.split(r"[= ]+", line, maxsplit=1)
            os.environ[key] = value
        elif name in _TIMES:
            exec(line, self.user_ns)
        elif name in ("pip", "conda"):
            self.system(f"{name} {line}")

    def run_cell_magic(self, name: str, line: str, cell: str) -> None:
        """`%%name line`, of which timing runs its cell and a shell its text."""
        if name in _TIMES:
            exec(cell, self.user_ns)
        elif name in ("bash", "sh"):
            self.system(cell)
        else:
            print(f"left out: %%{name} {line}", file=sys.stderr)

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: None


vars(builtins).setdefault("get_ipython", _Shell)
vars(builtins).setdefault("display", print)
