"""A cable of the lab that takes its time: holds each Ethernet frame, as a long line does.

A process of its own, started by `tests.lab.hosts` with the process ids of two machines, the name of
the end at the first, and the hardware address of the end at the second, which becomes `eth0`. Each
line that it reads is a new delay in seconds. It ends with its input. (Linux has netem for this,
which not every kernel is built with.)
"""

import ctypes
import fcntl
import os
import select
import socket
import struct
import sys
import time
from collections import deque
from contextlib import suppress

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000
SIOCSIFNAME, SIOCSIFHWADDR = 0x8923, 0x8924
ETHERNET = 1
LARGEST_FRAME = 65536
AT_ONCE = 64
"""Frames that are read from an end before the other one has its turn."""


class End:
    """One end of the cable: an Ethernet device.

    Args:
        pid: A process of the machine that has the device.
        name: Its name there.
        mac: Its hardware address; None for any.

    Attributes:
        file: What is written to it comes out of the device.
        waiting: Frames that are to come out, each with its time.
    """

    def __init__(self, pid: int, name: str, mac: str | None = None) -> None:
        home = os.open("/proc/self/ns/net", os.O_RDONLY)
        there = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
        _enter(there)
        try:
            self.file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            first = b"cable" if mac else name.encode()
            request = struct.pack("16sH22x", first, IFF_TAP | IFF_NO_PI)
            fcntl.ioctl(self.file, TUNSETIFF, request)
            if mac is not None:  # it has its name once it is complete
                address = bytes.fromhex(mac.replace(":", ""))
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
                    given = struct.pack("16sH6s16x", first, ETHERNET, address)
                    fcntl.ioctl(line, SIOCSIFHWADDR, given)
                    fcntl.ioctl(line, SIOCSIFNAME, struct.pack("16s16s8x", first, name.encode()))
        finally:
            _enter(home)
            os.close(home)
            os.close(there)
        self.waiting: deque[tuple[float, bytes]] = deque()

    def take(self, delay: float, other: "End") -> None:
        """Takes frames that were sent through this end."""
        with suppress(BlockingIOError):
            for _ in range(AT_ONCE):
                frame = os.read(self.file, LARGEST_FRAME)
                other.waiting.append((time.monotonic() + delay, frame))

    def give(self) -> None:
        """Lets out those frames whose time has come."""
        while self.waiting and self.waiting[0][0] <= time.monotonic():
            _, frame = self.waiting.popleft()
            with suppress(OSError):  # the device is down
                os.write(self.file, frame)


def _enter(space: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(space, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "cannot enter the network namespace")


def relay(first: End, second: End) -> None:
    """Passes frames on until the input ends, or a machine with an end."""
    delay = 0.0
    others = {first.file: second, second.file: first}
    while True:
        times = [end.waiting[0][0] for end in (first, second) if end.waiting]
        left = max(0.0, min(times) - time.monotonic()) if times else None
        ready, _, _ = select.select([0, *others], [], [], left)
        if 0 in ready:
            words = os.read(0, 1024).split()
            if not words:
                return
            delay = float(words[-1])
        for end in (first, second):
            if end.file in ready:
                end.take(delay, others[end.file])
            end.give()


if __name__ == "__main__":
    near = End(int(sys.argv[1]), sys.argv[3])
    far = End(int(sys.argv[2]), "eth0", sys.argv[4])
    print("ready", flush=True)
    with suppress(OSError):  # a machine has been powered off
        relay(near, far)
