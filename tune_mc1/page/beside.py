"""The page beside a sweep: a process of its own, which ends when the sweep has and nobody looks."""

import json
import os
import secrets
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from tune_mc1.errors import InputError
from tune_mc1.page.serve import LOOPBACK, address_of, exists, listen, open_browser, serve

VARIABLE = "TUNE_MC1_PAGE"
"""Environment variable that tells the process what to serve; it holds the token, which a command
line would show to all users of the machine."""

_started: list["subprocess.Popen[bytes]"] = []


def check_installed(what: str) -> None:
    """Raises InputError if the extra `watch` is not installed.

    Args:
        what: The command or flag that needs it.
    """
    if find_spec("aiohttp") is None:
        raise InputError(
            f"{what}: requires aiohttp, which is not installed; run pip install 'tune_mc1[watch]'"
        )


def watch_beside(directory: Path) -> str:
    """Starts the process, and opens the page if there is a browser with windows.

    The port is taken here, so that the address is known at once; a browser waits until the process
    answers.

    Args:
        directory: The result directory of a sweep that this process runs.

    Returns:
        The page's address.

    Raises:
        InputError: If no port can be had.
    """
    token = secrets.token_urlsafe(24)
    with listen(LOOPBACK, None) as listening:
        given = {"directory": str(directory), "token": token, "socket": listening.fileno()}
        process = subprocess.Popen(
            [sys.executable, "-m", "tune_mc1.page.beside"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[listening.fileno()],
            start_new_session=True,  # Ctrl-C is for the sweep
            env=os.environ | {VARIABLE: json.dumps(given | {"sweep": os.getpid()})},
        )
        _started.append(process)  # it is not waited for
        address = address_of(listening, LOOPBACK, token)
    open_browser(address)
    return address


def main() -> None:
    """The process."""
    os.nice(10)  # the sweep comes first
    given = json.loads(os.environ.pop(VARIABLE))
    directory, sweep = Path(given["directory"]), given["sweep"]
    while not (directory / "journal.jsonl").exists():  # a browser waits that long
        if not exists(sweep):
            return
        time.sleep(0.2)
    from tune_mc1.page.sweeps import Sweeps

    serve(
        Sweeps(directory),
        host=LOOPBACK,
        listening=given["socket"],
        read_only=False,
        ready=lambda _: None,
        token=given["token"],
        beside=sweep,
    )


if __name__ == "__main__":
    main()
