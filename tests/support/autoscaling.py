"""A Ray that scales from no GPU at all, by Ray's own autoscaler with nodes in one process tree."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import ray

HEAD_ID = "f" * 51 + "00000"
"""The id that Ray's provider of nodes that need not exist has for the head."""

PROVIDER = "ray.autoscaler._private.fake_multi_node.node_provider.FakeMultiNodeProvider"
LISTS = (
    "cluster_synced_files initialization_commands setup_commands head_setup_commands rsync_filter "
    "worker_setup_commands head_start_ray_commands worker_start_ray_commands rsync_exclude"
)
START_S = 120.0
REGISTER_S = "900"
"""What a process may take to start on a busy machine, where Ray gives up after a minute."""


def cluster_file(address: str, kinds: dict[str, tuple[int, int, int]]) -> dict[str, Any]:
    """What `ray up` leaves on a head, whose autoscaler works by it.

    Args:
        address: Of the head.
        kinds: Cores, GPUs, and the largest number of nodes of each kind.
    """
    types: dict[str, Any] = {
        "ray.head.default": {"resources": {"CPU": 0}, "node_config": {}, "max_workers": 0}
    }
    for name, (cpus, gpus, most) in kinds.items():
        resources = {"CPU": cpus, "GPU": gpus}
        types[name] = {"resources": resources, "max_workers": most, "min_workers": 0}
        types[name]["node_config"] = {}
    return {
        "cluster_name": "from-zero",
        "max_workers": sum(most for _, _, most in kinds.values()),
        "idle_timeout_minutes": 5,
        "upscaling_speed": 100,
        "provider": {
            "type": "external",
            "module": PROVIDER,
            "gcs_address": address,
            "head_node_id": HEAD_ID,
            "launch_multiple": True,
            "use_node_id_as_ip": True,
            "disable_node_updaters": True,
            "disable_launch_config_check": True,
        },
        "auth": {"ssh_user": "none"},
        "available_node_types": types,
        "head_node_type": "ray.head.default",
        "file_mounts": {},
        **{name: [] for name in LISTS.split()},
    }


@contextmanager
def scaling_cluster(
    folder: Path, kinds: dict[str, tuple[int, int, int]], version: int
) -> Iterator[str]:
    """A head without cores, and the autoscaler; the address of both.

    Args:
        folder: A short path, for what they write.
        kinds: As for `cluster_file`.
        version: Of the autoscaler: 1 or 2.
    """
    with socket.socket() as probe:
        probe.bind(("", 0))
        port = probe.getsockname()[1]
    host = ray.util.get_node_ip_address()  # type: ignore[no-untyped-call]
    address = f"{host}:{port}"
    file = folder / "cluster.yaml"
    file.write_text(json.dumps(cluster_file(address, kinds)))
    words = ["start", "--head", "--block", "--port", port, "--num-cpus", 0, "--temp-dir", folder]
    words += ["--include-dashboard", "false", f"--autoscaling-config={file}"]
    own = {"AUTOSCALER_UPDATE_INTERVAL_S": "1", "RAY_FAKE_CLUSTER": "1"}
    own["RAY_worker_register_timeout_seconds"] = REGISTER_S
    own["RAY_enable_autoscaler_v2"] = str(version - 1)
    if version == 2:
        own |= {"RAY_CLOUD_INSTANCE_ID": HEAD_ID, "RAY_OVERRIDE_NODE_ID_FOR_TESTING": HEAD_ID}
    with (folder / "head.log").open("w") as log:
        head = subprocess.Popen(
            [str(Path(sys.executable).parent / "ray"), *map(str, words)],
            env=os.environ | own,
            stdout=log,
            stderr=log,
        )
    try:
        _wait_until_up(folder, head)
        yield address
        assert head.poll() is None, (folder / "head.log").read_text()
    finally:
        family = psutil.Process(head.pid).children(recursive=True)
        head.terminate()
        head.wait(60)
        for process in psutil.wait_procs(family, timeout=10)[1]:
            process.kill()  # a node outlives its head by a minute


def _wait_until_up(folder: Path, head: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + START_S
    while not (folder / "ray_current_cluster").exists():
        assert head.poll() is None, (folder / "head.log").read_text()
        assert time.monotonic() < end, "Ray did not start"
        time.sleep(0.2)
