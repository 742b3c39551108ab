"""Kept figures of this version against those of an earlier one: what has become slower.

The scripts of both versions run on the same machine, one after the other, figure by figure; a
figure that is more than `WORSE` worse is named, and the exit status is then 1.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

WORSE = 0.05
"""Relative loss of a figure that is reported."""

TIMES = {"s", "ms", "us", "CPU-s", "MB", "kB", "%", "ms CPU"}
"""Units of figures of which less is better."""


def compare(scripts: Mapping[str, Sequence[str]], reference: str) -> int:
    """Measures scripts in both versions and prints the ratio of each figure.

    Args:
        scripts: Words of each, by name.
        reference: A commit or tag of the other version.

    Returns:
        The exit status: 1 if some figure became worse.
    """
    here, worse = Path(__file__).parents[2], 0
    with tempfile.TemporaryDirectory() as folder:
        there = Path(folder) / "other"
        git = ["git", "-C", str(here)]
        subprocess.run([*git, "worktree", "add", "-q", "--detach", there, reference], check=True)
        try:
            for name, words in scripts.items():
                if not (there / "tests" / "benchmarks" / f"{words[0]}.py").exists():
                    print(f"{name}: {reference} does not have it")
                    continue
                before, now = (_measure(place, words) for place in (there, here))
                worse += sum(print_ratio(name, now[f], before[f]) for f in now if f in before)
        finally:
            subprocess.run([*git, "worktree", "remove", "--force", there], check=True)
    return int(worse > 0)


def _measure(place: Path, words: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Figures of a script by their names."""
    command = [sys.executable, "-m", f"tests.benchmarks.{words[0]}", *words[1:], "--json"]
    env = os.environ | {"PYTHONPATH": str(place)}
    done = subprocess.run(
        command, cwd=place, env=env, stdout=subprocess.PIPE, text=True, check=True
    )
    found = json.loads(done.stdout.splitlines()[-1])
    return {figure["name"].strip(): figure for figure in found["figures"]}


def print_ratio(script: str, now: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Prints a figure of both versions; returns whether it became worse.

    Args:
        script: Name of the script.
        now: The figure as published.
        before: The same of the other version.
    """
    lost = loss(now, before)
    mark = f"  WORSE by {100 * lost:.0f} %" if lost > WORSE else ""
    values = f"{before['median']:10.4g} {now['median']:10.4g} {now['unit']:<6}"
    print(f"{script:<20} {now['name'].strip():<60} {values}{mark}", flush=True)
    return lost > WORSE


def loss(now: Mapping[str, Any], before: Mapping[str, Any]) -> float:
    """How much worse a figure became, relative to before; negative if it became better."""
    if not before["median"]:
        return 0.0
    less = now["goal"].startswith("<=") or (not now["goal"] and now["unit"] in TIMES)
    change = float(now["median"]) / float(before["median"]) - 1
    return change if less else -change
