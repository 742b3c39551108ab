"""The page's server: files of the page, and sweeps as JSON, for who has the token."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from tune_mc1 import __version__
from tune_mc1.errors import InputError, TuneMc1Error
from tune_mc1.page.analyses import Analyses
from tune_mc1.page.comparison import compared
from tune_mc1.page.live_sweep import LiveSweep
from tune_mc1.page.rungs_view import rungs_view
from tune_mc1.page.security import Guard, guarded
from tune_mc1.page.settings_view import settings_view
from tune_mc1.page.steering import steer
from tune_mc1.page.sweep_facts import changes
from tune_mc1.page.sweeps import Sweeps
from tune_mc1.page.trial_view import log_part, trial_details

ASSETS = Path(__file__).parent / "assets"
KNOWN = frozenset(str(p.relative_to(ASSETS)) for p in ASSETS.rglob("*") if p.is_file())
"""Files of the page; nothing else of the disk can be named."""

TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
}

MOST_BYTES = 64 * 1024
"""Largest body of a request."""


@dataclass(frozen=True)
class Page:
    """What the server shows, to whom, and what it may do.

    Args:
        sweeps: The sweeps.
        guard: Who is answered.
        read_only: Whether requests that steer a sweep are refused.
    """

    sweeps: Sweeps
    guard: Guard
    read_only: bool = False
    _last: list[float] = field(default_factory=lambda: [time.monotonic()])

    def idle_s(self) -> float:
        """Seconds since somebody last asked for anything, or since the start."""
        return time.monotonic() - self._last[0]

    def app(self) -> web.Application:
        """The application."""
        api = _Api(self)
        layers = [guarded(self.guard, self._note)]
        app = web.Application(middlewares=layers, client_max_size=MOST_BYTES)
        one = "/api/sweeps/{name}"
        app.add_routes(
            [
                web.get("/", _index),
                web.get("/assets/{path:.+}", _asset),
                web.get("/api/place", api.place),
                web.get("/api/sweeps", api.sweeps),
                web.get(one, api.changes),
                web.get(f"{one}/curves", api.curves),
                web.get(f"{one}/settings", api.settings),
                web.get(f"{one}/rungs", api.rungs),
                web.get(f"{one}/compared", api.compared),
                web.get(f"{one}/analysis/{{kind}}", api.analysis),
                web.get(f"{one}/trials/{{trial}}", api.trial),
                web.get(f"{one}/trials/{{trial}}/log", api.log),
                web.post(f"{one}/requests", api.steer),
            ]
        )
        return app

    def _note(self) -> None:
        self._last[0] = time.monotonic()


class _Api:
    """Handlers of requests for data."""

    def __init__(self, page: Page) -> None:
        self._page, self._sweeps = page, page.sweeps
        self._analyses = Analyses()

    async def place(self, request: web.Request) -> web.Response:
        """Which directory is shown; `single` is the name of its sweep, if it is one."""
        place = self._sweeps.place
        return web.json_response(
            {
                "place": str(place),
                "single": place.name if self._sweeps.single else None,
                "read_only": self._page.read_only,
                "version": __version__,
            }
        )

    async def sweeps(self, request: web.Request) -> web.Response:
        """All sweeps."""
        return await _answer(lambda: {"sweeps": self._sweeps.summaries()})

    async def _of_sweep(
        self, request: web.Request, work: Callable[[LiveSweep], dict[str, Any]]
    ) -> web.Response:
        name = request.match_info["name"]
        return await _answer(lambda: self._sweeps.use(name, work))

    async def changes(self, request: web.Request) -> web.Response:
        """A sweep, and the trials that have changed since `since`."""
        since = _number(request, "since") or 0
        return await self._of_sweep(request, lambda live: changes(live, since))

    async def curves(self, request: web.Request) -> web.Response:
        """Learning curves of all trials by `metric`, from `since` on."""
        since, metric = _number(request, "since") or 0, request.query.get("metric", "")

        def work(live: LiveSweep) -> dict[str, Any]:
            whole, found = live.curves_since(metric, since)
            return {"version": live.version, "full": whole, "curves": found}

        return await self._of_sweep(request, work)

    async def settings(self, request: web.Request) -> web.Response:
        """Settings with the mean of their runs and its interval, best first."""
        return await self._of_sweep(request, settings_view)

    async def rungs(self, request: web.Request) -> web.Response:
        """Trials by rung."""
        return await self._of_sweep(request, rungs_view)

    async def compared(self, request: web.Request) -> web.Response:
        """What the comparison of sweeps needs of one."""
        return await self._of_sweep(request, compared)

    async def trial(self, request: web.Request) -> web.Response:
        """One trial in detail."""
        trial = request.match_info["trial"]
        return await self._of_sweep(request, lambda live: trial_details(live, trial))

    async def log(self, request: web.Request) -> web.Response:
        """A trial's log from `start` on."""
        trial, start = request.match_info["trial"], _number(request, "start")
        return await self._of_sweep(request, lambda live: log_part(live, trial, start))

    async def analysis(self, request: web.Request) -> web.Response:
        """Statistics and images, which another process computes."""
        name, kind = request.match_info["name"], request.match_info["kind"]
        where = self._sweeps.directories().get(name)
        if where is None:
            return _error(f"{name}: no such sweep", 404)
        again = "again" in request.query
        try:
            return web.Response(
                body=await self._analyses.get(where, kind, again=again), content_type=JSON
            )
        except TuneMc1Error as error:
            return _error(str(error), 400)

    async def steer(self, request: web.Request) -> web.Response:
        """A request to the driver of a sweep."""
        if self._page.read_only:
            return _error("the page is read-only (--read-only)", 403)
        if request.content_type != JSON:
            return _error("a request must be JSON", 415)
        try:
            content = await request.json()
        except ValueError:
            return _error("a request must be JSON", 400)
        name = request.match_info["name"]
        where = self._sweeps.directories().get(name)
        if where is None:
            return _error(f"{name}: no such sweep", 404)
        return await _answer(lambda: steer(where, content))


JSON = "application/json"


async def _answer(work: Callable[[], dict[str, Any]]) -> web.Response:
    """The result of some work, which is done in a thread, so that other requests do not wait."""

    def encoded() -> bytes:
        return json.dumps(work(), allow_nan=False, separators=(",", ":")).encode()

    try:
        return web.Response(body=await asyncio.to_thread(encoded), content_type=JSON)
    except InputError as error:
        return _error(str(error), 400)
    except TuneMc1Error as error:
        return _error(str(error), 500)
    except OSError as error:  # removed just now, or not ours to read
        return _error(f"{error.filename or 'the directory'}: {error.strerror or error}", 500)


def _error(text: str, status: int) -> web.Response:
    return web.json_response({"error": text}, status=status)


def _number(request: web.Request, name: str) -> int | None:
    """A number of the query that is not negative; None if it is missing or is none."""
    text = request.query.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


async def _index(_: web.Request) -> web.StreamResponse:
    return _file("index.html")


async def _asset(request: web.Request) -> web.StreamResponse:
    return _file(request.match_info["path"])


def _file(name: str) -> web.StreamResponse:
    """A file of the page, by its exact name."""
    if name not in KNOWN:
        raise web.HTTPNotFound
    path = ASSETS / name
    kind = TYPES.get(path.suffix, "text/plain")
    return web.Response(body=path.read_bytes(), content_type=kind, charset="utf-8")
