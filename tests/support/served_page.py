"""The page's server in a thread of this process, and made-up sweeps for it to show."""

import asyncio
import json
import math
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from aiohttp import web

from tune_mc1.page.security import Guard
from tune_mc1.page.server import Page
from tune_mc1.page.sweeps import Sweeps
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import Event
from tune_mc1.results.journal import Journal
from tune_mc1.results.ranking import Rank
from tune_mc1.results.writer import ResultWriter

TOKEN = "a-token-of-the-tests"

SWEEP = """\
name: made_up
method: random
run_cap: {trials}
parameters:
  model: {{values: [CNN_simple, CNN2, CNN3]}}
  learning_rate: {{distribution: log_uniform_values, min: 0.001, max: 0.1}}
  batch_size: {{values: [32, 64, 128]}}
  epochs: {{value: {epochs}}}
early_terminate: {{type: asha, min_iter: 2, eta: 3}}
"""


REAL: dict[str, Any] = {
    "method": "random",
    "run_cap": 8,
    "limit_images": 0.6,
    "early_terminate": {"type": "asha", "min_iter": 1, "eta": 2},
    "parameters": {
        "model": {"value": "CNN_simple"},
        "learning_rate": {"distribution": "log_uniform_values", "min": 1e-3, "max": 0.1},
        "batch_size": {"values": [32, 64]},
        "epochs": {"value": 3},
    },
}
"""A small sweep that is really run."""


@contextmanager
def served(place: Path, *, read_only: bool = False, rank: Rank = "ended") -> Iterator[str]:
    """Serves a directory; yields the page's address."""
    loop = asyncio.new_event_loop()
    guard = Guard(TOKEN, "127.0.0.1")
    runner = web.AppRunner(Page(Sweeps(place, rank), guard, read_only).app(), access_log=None)
    ready = threading.Event()

    async def start() -> None:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        ready.set()

    def run() -> None:
        loop.run_until_complete(start())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(30)
    port = cast(Any, runner.addresses[0])[1]
    try:
        yield f"http://127.0.0.1:{port}/?token={TOKEN}"
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


def ask(
    address: str,
    path: str,
    content: Any = None,
    method: str | None = None,
    **headers: str,
) -> tuple[int, Mapping[str, str], Any]:
    """Status, headers and content of an answer; the token is sent unless a header replaces it."""
    base = address.partition("/?")[0]
    given = {"X-Token": TOKEN, **{name.replace("_", "-"): text for name, text in headers.items()}}
    data = None if content is None else json.dumps(content).encode()
    if data is not None:
        given.setdefault("Content-Type", "application/json")
    request = urllib.request.Request(f"{base}{path}", data, given, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            status, found, raw = answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        status, found, raw = error.code, dict(error.headers), error.read()
    try:
        return status, found, json.loads(raw)
    except ValueError:
        return status, found, raw.decode()


def made_sweep(root: Path, trials: int, epochs: int = 6, *, running: int = 0) -> ResultDir:
    """Writes a result directory, by the writer of sweeps; the last trials may still run."""
    root.mkdir(parents=True)
    (root / "logs").mkdir()
    where = ResultDir(root)
    where.sweep_file.write_text(SWEEP.format(trials=trials, epochs=epochs))
    writer = ResultWriter(where, interval_s=1e9)
    writer.write(*cast(list[Event], [_head(), *(_planned(i, epochs) for i in range(trials))]))
    writer.write(*[e for i in range(trials) for e in _run(i, epochs, ends=i < trials - running)])
    writer.close()
    return where


def more_epochs(where: ResultDir, trials: int, epoch: int, *, first: int = 0) -> None:
    """Appends an epoch of some trials to the journal, as a sweep does."""
    journal = Journal(where.journal)
    journal.write(*cast(Any, [_epoch(i, epoch) for i in range(first, first + trials)]))
    journal.close()


def diverge(where: ResultDir, i: int, score: float) -> None:
    """Appends a last epoch of a trial that runs, with some score, and that it diverged."""
    journal = Journal(where.journal)
    end = {"event": "end", "trial": name(i), "state": "diverged", "error": "loss is nan"}
    journal.write(*cast(Any, [_epoch(i, 5) | {"val_acc": score}, end | {"time": 1e9 + 99}]))
    journal.close()


def address_of(address: str, where: Path, **shown: str) -> str:
    """Address of a sweep's page.

    Args:
        address: That of the server.
        where: The sweep's directory.
        shown: What the page shows: `view`, `trial`, `filter`.
    """
    more = "".join(f"&{key}={value}" for key, value in shown.items())
    return f"{address}#sweep={where.name}{more}"


def _head() -> dict[str, Any]:
    facts: dict[str, Any] = {"data": "made up", "fingerprint": "0" * 16, "classes": ["a", "b"]}
    facts |= {"image_shape": [3, 8, 8], "train_images": 100, "test_images": 20, "format": 1}
    facts |= {"validation": {"holdout": 0.1}, "limit_images": 1.0, "scale": 1.0, "replicates": 1}
    base: dict[str, Any] = {"event": "sweep", "time": 1e9, "name": "made_up", "method": "random"}
    return base | facts | {"metric": "val_acc", "maximize": True}


def _planned(i: int, epochs: int) -> dict[str, Any]:
    config: dict[str, Any] = {"model": ("CNN_simple", "CNN2", "CNN3")[i % 3], "epochs": epochs}
    config |= {"learning_rate": 10 ** (-3 + 2 * (i * 0.618 % 1)), "batch_size": 32 << (i % 4 % 3)}
    trial: dict[str, Any] = {
        "event": "trial",
        "time": 1e9,
        "trial": name(i),
        "config_hash": f"s{i:05d}",
    }
    return trial | {"fold": None, "config": config}


def _run(i: int, epochs: int, *, ends: bool) -> list[Event]:
    start: dict[str, Any] = {
        "event": "start",
        "trial": name(i),
        "log": f"logs/{name(i)}.log",
        "fused": 1,
    }
    found: list[Any] = [start | {"time": 1e9 + i}]
    ran = epochs if ends else max(1, epochs // 2)
    found += [_epoch(i, epoch) for epoch in range(1, ran + 1)]
    if ends:
        found.append({"event": "end", "trial": name(i), "state": "completed", "time": 1e9 + i + 60})
    return found


def _epoch(i: int, epoch: int) -> dict[str, Any]:
    score = (0.4 + 0.4 * (i * 0.377 % 1)) * (1 - math.exp(-epoch / 3))
    row = {"val_acc": score, "val_loss": 2 - score, "train_acc": score, "train_loss": 2 - score}
    row |= {"seconds": 1.0, "images_per_second": 100.0, "learning_rate": 0.01, "steps": epoch}
    return {"event": "epoch", "trial": name(i), "epoch": epoch, "time": 1e9 + i + epoch, **row}


def name(i: int) -> str:
    """Id of the i-th trial, from 0."""
    return f"t{i + 1:04d}"
