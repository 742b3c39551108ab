"""Journals of ASHA sweeps that never ran, from learning curves."""

import heapq
from collections.abc import Callable, Mapping, Sequence
from math import log10
from random import Random
from typing import Any

from tune_mc1.config.trial import TrialConfig
from tune_mc1.planning.rungs import Rungs

EPOCHS = 9
"""Epochs of a trial that is not stopped, as in `configs/asha.yaml`."""

Curve = tuple[Mapping[str, Any], Sequence[float]]
"""A setting, and its score after each epoch."""


def asha_journal(
    curves: Sequence[Curve],
    seed: int,
    slots: int = 2,
    seconds: Callable[[Mapping[str, Any]], float] = lambda _: 1.0,
) -> list[dict[str, Any]]:
    """The journal of a sweep with rungs at epochs 1 and 3.

    Args:
        curves: Its settings, and their scores.
        seed: Of what epochs take more or less than usual, up to a tenth.
        slots: Number of trials at a time.
        seconds: What an epoch of a setting usually takes.
    """
    random, rungs = Random(seed), Rungs([(1, 3)], 3)
    sweep = {"metric": "val_acc", "maximize": True, "time": 0.0}
    events: list[dict[str, Any]] = [{"event": "sweep", **sweep}]
    trials = {f"t{i:04}": curve for i, curve in enumerate(curves, 1)}
    same = {"config_hash": "", "fold": None, "time": 0.0}
    for trial, (setting, _) in trials.items():
        config = TrialConfig(**{**setting, "epochs": EPOCHS}).values
        events.append({"event": "trial", "trial": trial, "config": config, **same})
    waiting = list(trials)
    running: list[tuple[float, int, str]] = []

    def epoch_ends(time: float, epoch: int, trial: str) -> None:
        took = random.uniform(0.9, 1.1) * seconds(trials[trial][0])
        heapq.heappush(running, (time + took, epoch, trial))

    def start(time: float) -> None:
        if waiting:
            trial = waiting.pop(0)
            events.append({"event": "start", "trial": trial, "log": "", "fused": 1, "time": time})
            epoch_ends(time, 1, trial)

    for _ in range(slots):
        start(0.0)
    while running:
        time, epoch, trial = heapq.heappop(running)
        score = float(trials[trial][1][epoch - 1])
        took = {"steps": 1, "seconds": 1.0, "learning_rate": 0.1, "images_per_second": 1.0}
        about = {"val_acc": score, "epoch": epoch, "time": time, "trial": trial}
        events.append({"event": "epoch", **took, **about})
        entry = rungs.decide(trial, epoch, score)
        if (entry is None or not entry.stop) and epoch < EPOCHS:
            epoch_ends(time, epoch + 1, trial)
            continue
        state = "completed" if epoch == EPOCHS else "stopped"
        events.append({"event": "end", "trial": trial, "state": state, "time": time})
        start(time)
    return events


def made_up(seed: int, trials: int = 40, *, tells: bool = False) -> list[dict[str, Any]]:
    """The journal of a sweep whose scores are random.

    Args:
        seed: Of all that is random.
        trials: Number of trials.
        tells: Whether the score follows from the learning rate, the best of which is in the middle
            of its range; otherwise it has nothing to do with it.
    """
    random = Random(seed)
    curves: list[Curve] = []
    for _ in range(trials):
        rate, quality = 10 ** random.uniform(-3, -1), random.random()
        score = quality / 20 - abs(log10(rate) + 2) if tells else quality
        curves.append(({"learning_rate": rate}, [score] * EPOCHS))
    return asha_journal(curves, seed)
