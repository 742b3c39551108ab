"""Processes that train a trial together: what Lightning is told of them."""

from datetime import timedelta
from typing import Any

import torch
from lightning.fabric.plugins import ClusterEnvironment
from lightning.pytorch.strategies import DDPStrategy

DDP = ("ddp", "ddp_find_unused_parameters_true", "ddp_find_unused_parameters_false")
"""Strategies of a trial with several workers."""

TIMEOUT = timedelta(minutes=30)


class Rank(ClusterEnvironment):
    """One process among those of a trial, all of which Ray has started.

    Args:
        rank: Its number, from 0.
        world: Number of processes.
        local: Its number among those of its node.
        node: Number of its node among those of the trial.
        address: Address of the first process's node.
        port: A free port there.
    """

    def __init__(
        self, rank: int, world: int, local: int, node: int, address: str, port: int
    ) -> None:
        super().__init__()
        self._rank, self._world, self._local, self._node = rank, world, local, node
        self._address, self._port = address, port

    @property
    def creates_processes_externally(self) -> bool:
        """True: Lightning starts none."""
        return True

    @property
    def main_address(self) -> str:
        """Address of the first process's node."""
        return self._address

    @property
    def main_port(self) -> int:
        """Port of the first process."""
        return self._port

    @staticmethod
    def detect() -> bool:
        """False: it is passed on, not found."""
        return False

    def world_size(self) -> int:
        """Number of processes."""
        return self._world

    def set_world_size(self, size: int) -> None:
        """Nothing: it is known."""

    def global_rank(self) -> int:
        """Number of this process."""
        return self._rank

    def set_global_rank(self, rank: int) -> None:
        """Nothing: it is known."""

    def local_rank(self) -> int:
        """Number of this process on its node."""
        return self._local

    def node_rank(self) -> int:
        """Number of this process's node."""
        return self._node


class OneDeviceStrategy(DDPStrategy):
    """DDP whose processes each see a single device, the one that Ray has given them."""

    @property
    def root_device(self) -> torch.device:
        """The device."""
        devices = self.parallel_devices
        assert devices
        return devices[0]


def rank_strategy(name: str) -> OneDeviceStrategy:
    """The strategy of a trial with several workers.

    Args:
        name: `auto` or one of `DDP`.
    """
    more: dict[str, Any] = {}
    if name.startswith("ddp_find_unused_parameters"):
        more["find_unused_parameters"] = name.endswith("true")
    return OneDeviceStrategy(timeout=TIMEOUT, **more)


def leave_group() -> None:
    """Leaves the group of processes: those that wait for this one then fail, and do not hang."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
