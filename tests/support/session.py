"""A second Python process that runs many commands, with one Ray for all of its sweeps.

For tests whose subject is what a process finds when it starts, such as installed plugins: they pay
for one start of Python and Ray, not for one a sweep.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.support.in_process import Done, Ran, connected, disconnect, run_here


class Session:
    """The other process, as seen from a test.

    Args:
        env: Additional environment variables.
        folder: Directory for its own output.
    """

    def __init__(self, folder: Path, **env: str) -> None:
        self.log = folder / "session.log"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.session"],
                env=os.environ | env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def run(self, *words: str | Path, cwd: Path, **env: str) -> Done:
        """Runs a command there."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {"words": [str(word) for word in words], "cwd": str(cwd), "env": env}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, self.log.read_text()
        return Done(**json.loads(answer))

    def sweep(self, folder: Path, content: dict[str, Any], command: str, *words: str | Path) -> Ran:
        """Runs a sweep file into `folder`/out."""
        file = folder / "sweep.yaml"
        file.write_text(yaml.safe_dump(content))
        done = self.run("sweep", command, file, "-o", folder / "out", *words, cwd=folder)
        assert (folder / "out").is_dir(), done.stderr
        (root,) = (folder / "out").iterdir()
        return Ran(done.returncode, done.stdout, done.stderr, root)

    def close(self) -> None:
        """Ends it, and its Ray."""
        self._process.communicate(timeout=60)


@contextmanager
def session(folder: Path, **env: str) -> Iterator[Session]:
    """A process that ends with the block."""
    there = Session(folder, **env)
    try:
        yield there
    finally:
        there.close()


def serve() -> None:
    """Answers requests until there are no more."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print must not stand among the answers
    for line in sys.stdin:
        request = json.loads(line)
        if request["words"][0] == "sweep" and "--dry-run" not in request["words"]:
            connected()
        if request["words"][0] == "report":
            _draw_quickly()
        done = run_here(*request["words"], cwd=Path(request["cwd"]), **request["env"])
        answers.write(json.dumps(vars(done)) + "\n")
        answers.flush()
    disconnect()


def _draw_quickly() -> None:
    """Leaves figures unpainted: tests of other packages read the words of a report."""
    from tests.support.quick_figures import save
    from tune_mc1.reporting import write_report

    setattr(write_report, "save", save)  # noqa: B010 (mypy would have a name that it exports)


if __name__ == "__main__":
    serve()
