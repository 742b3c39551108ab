"""Two trials of a sweep beside two bare scripts: their CPU time and time a step.

What is compared is a step's share of whole epochs, with validation, checkpoint, report and metrics,
from the second epoch on, so that no side's start counts. As all four processes train in the same
minutes, other work on the machine falls on all alike. By time the trials are at a disadvantage
where cores are short, as Ray runs its processes at a lower priority; on a machine that is otherwise
idle, `--turns` runs the two sides one after the other, and the time tells.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from tests.benchmarks.common import Figure, images, parser, publish
from tests.benchmarks.side_scripts import SIDES, TICKS

EXAMPLES = Path(__file__).parents[2] / "configs" / "modules"
VAL, BATCH = 128, 32


@dataclass(frozen=True)
class Pace:
    """What a step of one process took.

    Attributes:
        cpu: CPU-seconds.
        wall: Seconds.
        began: When the second epoch began.
        ended: When the last epoch began.
    """

    cpu: float
    wall: float
    began: float
    ended: float


def pace(file: Path, per_epoch: int) -> Pace:
    """Reads the ticks of a process, one at the beginning of each step."""
    seen = [tuple(map(float, line.split())) for line in file.read_text().splitlines()]
    kept = seen[per_epoch::per_epoch]  # first step of each epoch, from the second on
    assert len(kept) > 1, f"{file}: {len(seen)} steps only"
    (began, cpu_began), (ended, cpu_ended) = kept[0], kept[-1]
    count = per_epoch * (len(kept) - 1)
    return Pace((cpu_ended - cpu_began) / count, (ended - began) / count, began, ended)


def measure(side: str, epochs: int, train: int, *, turns: bool) -> tuple[list[Pace], list[Pace]]:
    """Paces of two trials of a sweep, and of two bare scripts.

    Args:
        side: A key of `SIDES`.
        epochs: Epochs of each.
        train: Training images of a network's trial; a module has its own.
        turns: Whether the scripts run after the sweep instead of beside it.
    """
    net, bare, sweep, given = SIDES[side]
    per_epoch = given or -(-train // BATCH)
    facts: dict[str, object] = {"epochs": epochs, "train": train, "val": VAL, "batch": BATCH}
    facts |= {"at_once": 2 if turns else 4, "holdout": VAL / (train + VAL)}
    facts |= {"examples": str(EXAMPLES), "part": (train + VAL) / len(images().train_labels)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "ready").mkdir()
        facts |= {"folder": folder, "per_epoch": per_epoch}
        for file, text in (
            ("ticks.py", TICKS),
            ("net.py", net),
            ("bare.py", bare),
            ("sweep.yaml", sweep),
        ):
            (folder / file).write_text(text.format(**facts))
        command = [sys.executable, "-m", "tune_mc1", "sweep", "grid", "sweep.yaml", "-o", "out"]
        running = [started(folder, "trial", [*command, "--max-concurrent", "2"])]
        if turns:
            await_end(running, folder)
        running += [started(folder, "bare", [sys.executable, "bare.py"]) for _ in range(2)]
        await_end(running, folder)
        trial, alone = (
            [
                pace(file, per_epoch)
                for file in (folder / kind).iterdir()
                if file.stat().st_size > 1000  # not of a network that the plan tries
            ]
            for kind in ("trial", "bare")
        )
    assert len(trial) == len(alone) == 2
    return trial, alone


def await_end(processes: Sequence["subprocess.Popen[str]"], folder: Path) -> None:
    """Waits for processes that must end well."""
    for process in processes:
        assert process.wait() == 0, (folder / "output.txt").read_text()[-2000:]


def started(folder: Path, kind: str, command: list[str]) -> subprocess.Popen[str]:
    """A process whose ticks are written to a directory of its own kind."""
    (folder / kind).mkdir(exist_ok=True)
    path = f"{folder}{os.pathsep}{Path(__file__).parents[2]}"
    env = os.environ | {"TICKS": str(folder / kind), "OMP_NUM_THREADS": "1", "PYTHONPATH": path}
    with (folder / "output.txt").open("a") as output:
        return subprocess.Popen(
            command, cwd=folder, env=env, stdout=output, stderr=output, text=True
        )


def main() -> None:
    """Runs the benchmark."""
    made = parser(__doc__, runs=3)
    made.add_argument("--side", choices=SIDES, default="module")
    made.add_argument("--epochs", type=int, default=40)
    made.add_argument("--train", type=int, default=512, help="training images of a network")
    made.add_argument("--turns", action="store_true", help="one side after the other")
    args = made.parse_args()
    by_cpu, by_time, together = [], [], []
    for _ in range(args.runs):
        trial, bare = measure(args.side, args.epochs, args.train, turns=args.turns)
        by_cpu.append(fmean(p.cpu for p in bare) / fmean(p.cpu for p in trial))
        by_time.append(fmean(p.wall for p in bare) / fmean(p.wall for p in trial))
        for side in (trial, bare) if args.turns else ((*trial, *bare),):
            both = min(p.ended for p in side) - max(p.began for p in side)
            together.append(both / max(p.ended - p.began for p in side))
        print(f"trials {trial}\nbare {bare}", flush=True)
    goal = ">= 0.98" if args.side == "module" else ">= 0.95"
    kind = f"{args.side}: speed of a step over bare"
    figures = [
        Figure(f"{kind}, by CPU time", by_cpu, goal="" if args.turns else goal),
        Figure("the same by time", by_time, goal=goal if args.turns else ""),
        Figure("share of the time in which all train", together),
    ]
    publish(
        figures, args.json, side=args.side, epochs=args.epochs, train=args.train, turns=args.turns
    )


if __name__ == "__main__":
    main()
