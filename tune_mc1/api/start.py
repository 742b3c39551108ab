"""Starting a sweep: the command, in a process of its own."""

import atexit
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import yaml

from tune_mc1.api.display import notebook
from tune_mc1.api.driver import STEP_S, OwnDriver
from tune_mc1.api.sweep import Sweep
from tune_mc1.api.words import options, plain_data, set_options
from tune_mc1.caller import VARIABLE
from tune_mc1.errors import InputError, TuneMc1Error
from tune_mc1.files import PACKAGE
from tune_mc1.results.directory import ResultDir

_COMMANDS_ONLY = {"dry_run", "json"}
"""Options without a sweep that could be returned."""


def start_sweep(
    method: str,
    file: Mapping[str, Any] | str | Path | None = None,
    *,
    data: str | Path | None = None,
    set: Mapping[str, Any] | None = None,
    run_cap: int | None = None,
    replicates: int | None = None,
    limit_images: float | None = None,
    fuse: Literal["auto", "off"] | int | None = None,
    output: str | Path | None = None,
    max_concurrent: int | None = None,
    address: str | None = None,
    wandb: Literal["online", "offline", "disabled"] | None = None,
    resume: str | Path | Sweep | None = None,
    epochs: int | None = None,
    block: bool = True,
    **flags: Any,
) -> Sweep:
    """Runs a sweep, as the command `sweep` does, in a process of its own.

    The process goes on if this one ends; `tune_mc1.open(DIR).stop()` ends it.

    Args:
        method: `grid`, `random`, `bayes`, `asha` or another search method.
        file: A sweep file; its content as a dict; or None for the method's default file.
        data: Images: the name of a data set, or a path.
        set: Values of parameters by name, which replace those of the file; a list gives several.
        run_cap: Number of settings to try.
        replicates: Number of seeds per setting.
        limit_images: Fraction of the images to use.
        fuse: Whether trials are trained as one model, or how many.
        output: Where to write results: a directory, or the URL of an object store.
        max_concurrent: Maximum number of trials at a time.
        address: A running Ray cluster: `auto`, or `host:port` of its head node.
        wandb: Mode of Weights & Biases.
        resume: An interrupted sweep, or its directory or URL, to continue instead of starting a
            new one.
        epochs: With `resume`: epochs per trial, at least as many as before.
        block: Whether to return when the sweep has ended. If not, it returns when the sweep has
            begun, which takes some seconds, and the sweep goes on.
        flags: Other options of the command by their names with underscores.

    Returns:
        The sweep. If it was stopped from elsewhere, its `status` is `interrupted`; trials that
        failed are counted in its `states`.

    Raises:
        InputError: If the file, a value or the images cannot be used; the lines of the command.
        TuneMc1Error: If it could not go on, for example as the disk is full.
        KeyboardInterrupt: If it was interrupted here; its results are kept.
    """
    _refuse(method, address, flags)
    directory = resume.directory if isinstance(resume, Sweep) else resume
    given = {
        **{"data": data, "run_cap": run_cap, "replicates": replicates, "fuse": fuse},
        **{"limit_images": limit_images, "output": output, "max_concurrent": max_concurrent},
        **{"address": address, "wandb": wandb, "resume": directory, "epochs": epochs, **flags},
    }
    words = [method, *options(given), *set_options(set or {})]
    if file is not None and not isinstance(file, Mapping):
        words += ["--", str(file)]
    content = _content(file) if isinstance(file, Mapping) else None
    driver, root = _start(words, content, speaks=block and notebook() is None)
    sweep = Sweep(root, driver)
    return sweep.wait() if block else sweep


def _refuse(method: str, address: str | None, flags: Mapping[str, Any]) -> None:
    """Refuses what only the command can do.

    Raises:
        InputError: If something of it was given.
    """
    if address is not None and re.match(r"https?://", address):
        raise InputError(
            f"address: must be auto or host:port, got {address!r}; a sweep that is submitted over "
            "http is started by the command"
        )
    for name in _COMMANDS_ONLY & flags.keys():
        rule = f"is an option of the command alone: python -m tune_mc1 sweep {method}"
        raise InputError(f"{name}: {rule} --{name.replace('_', '-')}")


def _start(words: list[str], content: str | None, *, speaks: bool) -> tuple[OwnDriver, Path]:
    """Starts the command, and waits until its sweep has begun.

    Args:
        words: The command line, without the sweep file if there is its content.
        content: The content.
        speaks: Whether its output is that of this process; if not, its notices are shown here.

    Raises:
        InputError: If it ends before that.
    """
    folder = Path(tempfile.mkdtemp(prefix="tune_mc1-"))
    file, told, errors = (folder / name for name in ("sweep.yaml", "told.jsonl", "errors.txt"))
    if content is not None:
        file.write_text(content, encoding="utf-8")
        words = [*words, "--", str(file)]
    with errors.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "tune_mc1", "sweep", *words],
            env=_environment(told),
            stdin=subprocess.DEVNULL,
            stdout=None if speaks else subprocess.DEVNULL,
            stderr=None if speaks else sink,
            start_new_session=True,  # a kernel's interrupt goes to all of its processes
        )

    def problem(status: int) -> Exception | None:
        found = _error(list(_facts(told)), status, file) or _crash(errors)
        shutil.rmtree(folder, ignore_errors=True)
        atexit.unregister(clean)
        return found

    def clean() -> None:
        """Removes the folder when Python ends; the command does where it goes on (`caller`)."""
        if process.poll() is not None:
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(clean)

    driver = OwnDriver(process, problem, speaks=speaks)
    try:
        root = _begun(driver, told)
    except KeyboardInterrupt:
        driver.end()
        raise
    for notice in [] if speaks else _notices(errors):
        print(notice, file=sys.stderr)
    return driver, root


def _begun(driver: OwnDriver, told: Path) -> Path:
    """Waits until the sweep has a journal; returns its directory."""
    while True:
        alive = driver.is_alive()
        directory = next((f["directory"] for f in _facts(told) if "directory" in f), None)
        if directory is not None and ResultDir(Path(directory)).journal.exists():
            return Path(directory)
        if not alive:
            driver.check()
            raise TuneMc1Error("sweep: was stopped before it began")
        time.sleep(STEP_S)


def _notices(errors: Path) -> list[str]:
    """Notices of the command, which begin with `Note:`."""
    lines = errors.read_text(encoding="utf-8", errors="replace").splitlines()
    return [line for line in lines if line.startswith("Note: ")]


def _crash(errors: Path) -> Exception | None:
    """The last line of a traceback at the end of the command's error output, if there is one."""
    text = errors.read_text(encoding="utf-8", errors="replace").rstrip()
    *_, last = text.rpartition("Traceback (most recent call last):\n")
    *inside, line = last.splitlines() or [""]
    if last == text or not all(each.startswith(" ") for each in inside):
        return None
    return TuneMc1Error(f"sweep: its process failed: {line}")


def _environment(told: Path) -> dict[str, str]:
    """Environment of the command, which finds this package also where it is not installed."""
    places = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if PACKAGE.parent not in map(Path, sysconfig.get_paths().values()):
        places.append(str(PACKAGE.parent))
    path = os.pathsep.join(filter(None, dict.fromkeys(places)))
    return os.environ | {VARIABLE: str(told)} | ({"PYTHONPATH": path} if path else {})


def _facts(told: Path) -> Iterator[dict[str, Any]]:
    if not told.exists():
        return
    for line in told.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.endswith("\n"):
            yield json.loads(line)


def _error(facts: list[dict[str, Any]], status: int, file: Path) -> Exception | None:
    """The error of a command that has ended, if there is one.

    Args:
        facts: What it told.
        status: Its exit status.
        file: Path of the file that stood for a dict, which messages do not name.
    """
    for fact in facts:
        if "stopped" in fact:
            return TuneMc1Error(fact["stopped"])
        if "problems" in fact:
            own = re.compile(rf"^{re.escape(str(file))}(:\d+)?: ")
            lines = [own.sub("", line) for line in fact["problems"]]
            return InputError(lines) if fact["status"] == 2 else TuneMc1Error("\n".join(lines))
    if status < 0:
        return TuneMc1Error(f"sweep: its process was ended by signal {-status}; it can be resumed")
    return None


def _content(given: Mapping[str, Any]) -> str:
    """A dict as a sweep file; a program of the user's own is in the current directory."""
    plain = plain_data(given)
    if "program" in plain or "module" in plain or "command" in plain:
        plain.setdefault("directory", str(Path.cwd()))
    try:
        return yaml.safe_dump(plain, sort_keys=False)
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise InputError(f"sweep: must be plain data, as in a sweep file: {reason}") from None
