"""A sweep that is played: its journal is written with made-up numbers, and W&B records its runs."""

import re
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from tests.support.wandb_reader import inspect
from tune_mc1.config.metrics import epoch_metrics
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import epoch_event, score_event, trial_event
from tune_mc1.results.writer import ResultWriter
from tune_mc1.tracking.wandb.mirror import WandbMirror

RATES = {"t0001": 0.01, "t0002": 0.02, "t0003": 0.03, "t0004": 0.04}
RUN_IDS = "4f2a77c1"


class Sweep:
    """Plays a sweep: writes what one writes to its journal, with made-up numbers."""

    def __init__(self, parent: Path, **keys: Any) -> None:
        self.where = ResultDir.create(parent, "my sweep")
        self.notices: list[str] = []
        self.offline: list[str] = []  # those that say how runs are sent later
        self.begin()
        head = {"name": "my sweep", "description": "why", "project": "cifar", "entity": None}
        facts = {"metric": "val_acc", "maximize": True, "data": "shapes10", "fingerprint": "f00"}
        more = {"id": RUN_IDS, "group": "first name", **keys}
        sweep: Any = {"event": "sweep", **head, **facts, **more}
        self.writer.write(sweep)
        for trial, rate in RATES.items():
            config = TrialConfig(learning_rate=rate)
            self.writer.write(trial_event(Trial(id=trial, config=config, fold=3)))

    def begin(self) -> None:
        """Opens the journal, anew where it is a resumed sweep."""
        self.writer = ResultWriter(self.where)
        self.mirror = WandbMirror(self.where, "offline", self.hear)

    def hear(self, notice: str) -> None:
        """Keeps notices, but for the one that depends on how busy the machine is."""
        if re.match(r"W&B: \d+ runs? (is|are) recorded offline\.", notice):
            self.offline.append(notice)
        elif "waiting" not in notice:
            self.notices.append(notice)

    def start(self, *trials: str) -> None:
        for trial in trials:
            self.writer.write({"event": "start", "trial": trial, "log": f"logs/{trial}.log"})

    def epoch(self, trial: str, epoch: int, **metrics: float | None) -> None:
        values = {name: RATES[trial] + epoch / 100 + i for i, name in enumerate(epoch_metrics())}
        rest = {"learning_rate": RATES[trial], "steps": 32 * epoch, "seconds": 1.5}
        row = {"trial": trial, "epoch": epoch, **values, **rest} | {
            "images_per_second": 99.0,
            "node": "n",
            "device_name": "cpu",
            **metrics,
        }
        self.writer.write(epoch_event(row))

    def end(self, trial: str, state: str = "completed") -> None:
        self.writer.write({"event": "end", "trial": trial, "state": state, "error": None})

    def score(self, trial: str) -> None:
        test = {"test_loss": 1.5, "test_acc": 0.5, "test_f1": 0.25}
        self.writer.write(score_event(trial, test))

    def let_go(self) -> None:
        """Closes the journal, where the sweep has not come to its end."""
        with suppress(ValueError):  # it has
            self.writer.close()

    def close(self, timeout_s: float = 200) -> None:
        self.writer.write({"event": "close"})
        self.writer.close()
        self.mirror.finish(timeout_s)

    def run_all(self) -> None:
        """All trials, two epochs each, in turns."""
        self.start(*RATES)
        for epoch in (1, 2):
            for trial in RATES:
                self.epoch(trial, epoch)
        for trial in RATES:
            self.end(trial)


class Run:
    """A run as W&B's own reader shows it."""

    def __init__(self, where: ResultDir, trial: str) -> None:
        (self.file,) = where.wandb.rglob(f"*-{trial}.wandb")
        records = inspect(self.file)
        self.history = [r["history"]["item"] for r in records if r["type"] == "history"]
        self.head = next(r["run"] for r in records if r["type"] == "run")
        (self.facts,) = inspect(self.file, "--summary")
        self.epochs = [row["epoch"] for row in self.history]


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 30
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, f"process {pid} is still there"
        time.sleep(0.1)
