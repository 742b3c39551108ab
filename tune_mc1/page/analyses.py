"""Statistics and images that take seconds, computed in another process and kept."""

import asyncio
import sys

from tune_mc1.errors import InputError, TuneMc1Error
from tune_mc1.page.analysis import KINDS
from tune_mc1.results.directory import ResultDir

LIMIT_S = 300.0
"""Seconds that one may take."""


class Analyses:
    """Computes one analysis at a time, and keeps each until the sweep has another winner."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._kept: dict[tuple[str, str], tuple[float, bytes]] = {}

    async def get(self, where: ResultDir, kind: str, *, again: bool) -> bytes:
        """An analysis of a sweep as JSON.

        Args:
            where: The sweep's directory.
            kind: One of `KINDS`.
            again: Whether to compute it anew.

        Raises:
            InputError: If there is no such kind, or the extra that it needs is not installed.
            TuneMc1Error: If it cannot be computed.
        """
        if kind not in KINDS:
            raise InputError(f"{kind}: no such analysis; one of {', '.join(KINDS)}")
        key = str(where.root), kind
        async with self._lock:
            winner = where.predictions.stat().st_mtime if where.predictions.exists() else 0.0
            if again or self._kept.get(key, (None,))[0] != winner:
                self._kept[key] = winner, await self._compute(where, kind)
            return self._kept[key][1]

    async def _compute(self, where: ResultDir, kind: str) -> bytes:
        words = ["-m", KINDS[kind], str(where.root)]
        process = await asyncio.create_subprocess_exec(
            sys.executable, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        try:
            out, err = await asyncio.wait_for(process.communicate(), LIMIT_S)
        except TimeoutError:
            process.kill()
            raise TuneMc1Error(f"{kind}: took longer than {LIMIT_S:.0f} s") from None
        if process.returncode == 0:
            return out
        lines = err.decode("utf-8", "replace").strip().splitlines()
        raise TuneMc1Error(lines[-1] if lines else f"{kind}: its process ended early")
