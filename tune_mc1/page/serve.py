"""Serves the page until it is interrupted, or is not needed any more."""

import asyncio
import os
import secrets
import signal
import socket
import sys
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from tune_mc1.errors import InputError

if TYPE_CHECKING:
    from tune_mc1.page.sweeps import Sweeps

LOOPBACK = "127.0.0.1"

PORT = 8640
"""Port that is tried first, if none is named."""

LOOK_S, ALONE_S = 5.0, 60.0
"""Seconds between two looks for the sweep beside which the page runs, and for which it stays after
the sweep has ended and nobody asked for anything."""


def serve(
    sweeps: "Sweeps",
    *,
    host: str,
    listening: socket.socket | int,
    read_only: bool,
    ready: Callable[[str], None],
    token: str | None = None,
    beside: int | None = None,
) -> None:
    """Serves the page until Ctrl-C or SIGTERM.

    Args:
        sweeps: The sweeps that it shows.
        host: Name or address on which it listens.
        listening: The socket, or its descriptor.
        read_only: Whether requests that steer a sweep are refused.
        ready: Called with the page's address, which holds its token.
        token: The token; a new one if None.
        beside: Id of a process; the page ends some time after it.
    """
    from aiohttp import web

    from tune_mc1.page.security import Guard
    from tune_mc1.page.server import Page

    token = token or secrets.token_urlsafe(24)
    if isinstance(listening, int):
        listening = socket.socket(fileno=listening)
    page = Page(sweeps, Guard(token, host), read_only)

    async def run() -> None:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, ended.set)
        runner = web.AppRunner(page.app(), access_log=None)
        await runner.setup()
        await web.SockSite(runner, listening).start()
        ready(address_of(listening, host, token))
        tasks = [asyncio.create_task(asyncio.to_thread(_read_first, sweeps))]
        if beside is not None:
            tasks.append(asyncio.create_task(_end_after(beside, page.idle_s, ended)))
        await ended.wait()
        for task in tasks:
            task.cancel()
        await runner.cleanup()

    asyncio.run(run())


def _read_first(sweeps: "Sweeps") -> None:
    """Reads what the browser will ask for first; a problem is told to who asks for it."""
    from tune_mc1.page.sweep_facts import changes

    with suppress(InputError):
        if sweeps.single:
            sweeps.use(sweeps.place.name, lambda live: changes(live, 0))
        else:
            sweeps.summaries()


async def _end_after(process: int, idle_s: Callable[[], float], ended: asyncio.Event) -> None:
    """Ends the server when a process is gone and nobody has asked for anything for some time."""
    while exists(process) or idle_s() < ALONE_S:
        await asyncio.sleep(LOOK_S)
    ended.set()


def exists(process: int) -> bool:
    """Whether there is a process with this id."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def listen(host: str, port: int | None) -> socket.socket:
    """A socket that listens.

    Args:
        host: Name or address.
        port: Port; 0 for any free one; None for `PORT`, or any free one if that is taken.

    Raises:
        InputError: If it cannot be had.
    """
    for number in (port,) if port is not None else (PORT, 0):
        try:
            family = socket.getaddrinfo(host, number, type=socket.SOCK_STREAM)[0][0]
            return socket.create_server((host, number), family=family)
        except OSError as error:
            problem = error
    raise InputError(
        f"watch: cannot listen on {host}:{port or PORT}: {problem.strerror or problem}"
    )


def address_of(listening: socket.socket, host: str, token: str) -> str:
    """The page's address, with its token.

    Args:
        listening: The socket.
        host: Name or address as it was given.
        token: The token.
    """
    port = listening.getsockname()[1]
    name = {"0.0.0.0": socket.gethostname(), "::": socket.gethostname()}.get(host, host)
    shown = f"[{name}]" if ":" in name else name
    return f"http://{shown}:{port}/?token={token}"


def open_browser(address: str) -> bool:
    """Opens the page in a browser with windows; false if there is none."""
    on_screen = sys.platform in {"darwin", "win32"} or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    if not on_screen:
        return False
    with suppress(webbrowser.Error):
        return webbrowser.open(address)
    return False
