"""Trials that train nothing, through our sweep, on 16 nodes of 4 GPUs that need not exist.

The first sweep has trials that take some seconds, and loses a node when half of them have started.
The second has trials that take no time, so that it shows how fast the driver hands them out.
"""

import json
import resource
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from statistics import mean

from ray.cluster_utils import Cluster

from tests.benchmarks.common import Figure, images, parser, publish
from tests.support.node_cluster import Record, gpu_cluster, telling_sweep
from tune_mc1.config.resources import Resources
from tune_mc1.results.writer import ResultWriter

WHOLE_GPU = Resources(cpu=1, gpu=1)
GPUS = 4
EPOCHS = 4


class NodeLoss:
    """Kills a node, without a word to anyone, when some of the trials have started.

    Args:
        cluster: Of which a node is killed.
        folder: Where the sweep is going to write.
        after: How many trials have started by then.
    """

    def __init__(self, cluster: Cluster, folder: Path, after: int) -> None:
        self.cluster, self.folder, self.after = cluster, folder, after
        self.at = 0.0
        self.node = ""
        self.over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "NodeLoss":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self.over.wait(1.0):
            if len(list(self.folder.glob("*/here/*"))) >= self.after:
                self.victim = next(iter(self.cluster.worker_nodes))
                self.node = self.victim.node_id
                self.remove()
                return

    def remove(self) -> None:
        """Takes the node away."""
        self.at = time.time()
        self.cluster.remove_node(self.victim, allow_graceful=False)


def busy_gpus(records: Sequence[Record]) -> dict[tuple[str, str], list[Record]]:
    """The epochs of each GPU in order of time."""
    by_gpu: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in sorted(records, key=lambda r: r["began"]):
        for gpu in record["gpus"]:
            by_gpu[record["node"], gpu].append(record)
    return by_gpu


def overlaps(records: Sequence[Record]) -> int:
    """How often a GPU had a second trial before its first had ended an epoch."""
    return sum(
        later["began"] < earlier["ended"]
        for epochs in busy_gpus(records).values()
        for earlier, later in pairwise(epochs)
    )


def idle_gaps(records: Sequence[Record]) -> tuple[list[float], float]:
    """Seconds for which each GPU was idle from one trial to the next while trials waited.

    Returns:
        The gaps, and the part of the time in which GPUs were at work, from the first trial of each
        until no trial waited any more.
    """
    last_start = max(r["began"] for r in records if r["epoch"] == 1)
    gaps, span = [], 0.0
    for epochs in busy_gpus(records).values():
        known = [r for r in epochs if r["began"] <= last_start]
        gaps += [max(0.0, b["began"] - a["ended"]) for a, b in pairwise(known)]
        span += known[-1]["began"] - known[0]["began"] if known else 0.0
    return gaps, 1 - sum(gaps) / span


def recoveries(records: Sequence[Record], loss: NodeLoss) -> tuple[list[float], list[int]]:
    """Of each trial that was on the lost node, seconds to its next report, and epochs run twice."""
    seconds, again = [], []
    by_trial: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_trial[record["trial"]].append(record)
    for epochs in by_trial.values():
        before = [r for r in epochs if r["node"] == loss.node]
        after = [r for r in epochs if r["node"] != loss.node and r["ended"] > loss.at]
        if before and after:
            seconds.append(min(r["ended"] for r in after) - loss.at)
            again.append(len(epochs) - len({r["epoch"] for r in epochs}))
    return seconds, again


def measure_loss(cluster: Cluster, trials: int, seconds: float) -> dict[str, float]:
    """A sweep of trials that take some time, with a node that is lost in the middle."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        began = time.time()
        with NodeLoss(cluster, folder, trials // 2) as loss:
            records, writer = telling_sweep(
                folder, images(1000), trials, seconds=seconds, epochs=EPOCHS, resources=WHOLE_GPU
            )
        wall = time.time() - began
    assert loss.at, "no node was lost"
    gaps, used = idle_gaps(records)
    back, again = recoveries(records, loss)
    states = [row["state"] for row in writer.tables.trials.values()]
    firsts = [epochs[0]["began"] for epochs in busy_gpus(records).values()]
    return {
        "seconds to the first report": records[0]["ended"] - began,
        "seconds until all GPUs were at work": sorted(firsts)[-1] - began,
        "seconds in all": wall,
        "trials on a GPU that another one had": overlaps(records),
        "part of the time in which GPUs were at work": used,
        "mean gap from trial to trial, seconds": mean(gaps),
        "largest gap, seconds": max(gaps),
        "trials on the lost node": len(back),
        "seconds until they reported again, first": min(back, default=0.0),
        "seconds until they reported again, last": max(back, default=0.0),
        "reported epochs that ran again": sum(again),
        "trials lost": sum(state != "completed" for state in states),
    }


def measure_speed(trials: int) -> dict[str, float]:
    """A sweep of trials that take no time, once all processes are there."""
    with tempfile.TemporaryDirectory() as name:
        began, cpu = time.time(), time.process_time()
        records, writer = telling_sweep(
            Path(name), images(1000), trials, epochs=EPOCHS, resources=WHOLE_GPU
        )
        spent = time.process_time() - cpu
        files = _bytes(writer)
    wall = records[-1]["ended"] - records[0]["ended"]
    return {
        "trials a second": (trials - 1) / wall,
        "driver's CPU a trial, ms": spent / trials * 1e3,
        "driver's CPU a report, ms": spent / len(records) * 1e3,
        "seconds to the first report, no time": records[0]["ended"] - began,
        "journal a report, bytes": files["journal.jsonl"] / len(records),
        "parquet files a trial, bytes": (sum(files.values()) - files["journal.jsonl"]) / trials,
    }


def _bytes(writer: ResultWriter) -> dict[str, int]:
    where = writer.where
    return {f.name: f.stat().st_size for f in (where.journal, where.trials, where.history)}


def measure(nodes: int, trials: int, seconds: float) -> dict[str, float]:
    """All figures of one cluster.

    Args:
        nodes: How many, of four GPUs each, beside the head.
        trials: Of each sweep.
        seconds: Of each of the four epochs of the first sweep's trials.
    """
    began = time.time()
    with gpu_cluster([(GPUS, GPUS)] * nodes, forks=False) as cluster:
        figures = {"seconds until all nodes were up": time.time() - began}
        figures |= measure_loss(cluster, trials, seconds)
        figures |= measure_speed(trials)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return figures | {"driver's memory, MB": peak / 1024}


GOALS = {
    "trials on a GPU that another one had": "<= 0",
    "part of the time in which GPUs were at work": ">= 0.9",
    "trials lost": "<= 0",
    "driver's memory, MB": "<= 2000",
}


def main() -> None:
    """Runs the benchmark."""
    made = parser(__doc__, runs=1)
    made.add_argument("--nodes", type=int, default=16)
    made.add_argument("--trials", type=int, default=1000)
    made.add_argument("--seconds", type=float, default=2.0, help="of an epoch; a trial has four")
    args = made.parse_args()
    rows = [measure(args.nodes, args.trials, args.seconds) for _ in range(args.runs)]
    print(json.dumps(rows))
    figures = [
        Figure(name, [row[name] for row in rows], goal=GOALS.get(name, "")) for name in rows[0]
    ]
    publish(figures, args.json, nodes=args.nodes, trials=args.trials, seconds=args.seconds)


if __name__ == "__main__":
    main()
