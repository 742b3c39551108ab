"""Decoding of many small images in several processes.

For an image of 32x32, Pillow spends as long in Python as in the decoder, so that threads would wait
for each other. The processes are commands of their own rather than those of `multiprocessing`,
which would run a user's script again.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from tune_mc1.data.decode_image import Encoded, Seen, decode_with
from tune_mc1.data.images import Pixels
from tune_mc1.errors import DataError

BLOCK = 512
"""Images that a process decodes at a time."""

LEAST = 4_000
"""Images a process from which one pays: it takes as long to start as to decode 2,000."""

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""For NumPy, which would start a thread for each core in each of these processes."""

Shape = tuple[int, int, int]
Store = Callable[[int, Pixels], None]


def processes_for(images: Sequence[Encoded], cores: int) -> int:
    """Number of processes that decode images; 1 if this one does it alone."""
    if type(images[0]) is not Encoded:  # opened in a way of its own
        return 1
    return max(1, min(cores, len(images) // LEAST))


def decode_in_processes(
    images: Sequence[Encoded], shape: Shape, size: int | None, processes: int, store: Store
) -> Iterator[int]:
    """Decodes blocks of images that are plain: of one shape, with nothing to say of them.

    Args:
        images: The images.
        shape: Height, width and channels of each.
        size: Height and width to which every image is brought; None leaves it as it is.
        processes: Number of processes.
        store: Takes the position of a block's first image, and its images, uint8 (n, *shape).

    Yields:
        Positions of blocks that are not plain, or could not be decoded, in order. The caller
        decodes these itself.
    """
    starts = range(0, len(images), BLOCK)
    with ExitStack() as stack:
        try:
            workers = [stack.enter_context(_Worker(shape, size)) for _ in range(processes)]
        except OSError:  # no further processes are allowed here
            yield from starts
            return
        pool = stack.enter_context(ThreadPoolExecutor(processes))

        def decode(worker: "_Worker", start: int) -> bool:
            pixels = worker.decode(images[start : start + BLOCK])
            if pixels is not None:
                store(start, pixels)
            return pixels is not None

        # In rounds, as an exiting process waits for all tasks of a pool.
        for first in range(0, len(starts), processes):
            turn = starts[first : first + processes]
            for start, done in zip(turn, pool.map(decode, workers, turn), strict=False):
                if not done:
                    yield start


class _Worker:
    """A process that decodes; a context manager.

    Args:
        shape: Height, width and channels of each image.
        size: Height and width to which every image is brought; None leaves it as it is.
    """

    def __init__(self, shape: Shape, size: int | None) -> None:
        self._shape, self._size = shape, size

    def __enter__(self) -> "_Worker":
        root = str(Path(__file__).parents[2])
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        # In a session of its own, as Ctrl-C is for this process, whose end it notices.
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | ONE_THREAD | {"PYTHONPATH": os.pathsep.join(paths)},
            start_new_session=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def decode(self, images: Sequence[Encoded]) -> Pixels | None:
        """Some images; None if they are not plain, or the process is gone."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        contents = [image.read() for image in images]
        head = {"lengths": [*map(len, contents)], "shape": self._shape, "size": self._size}
        size = len(images) * int(np.prod(self._shape))
        try:
            self._process.stdin.write(json.dumps(head).encode() + b"\n" + b"".join(contents))
            self._process.stdin.flush()
            found = self._process.stdout.read(1) == PLAIN
            pixels = self._process.stdout.read(size) if found else b""
        except OSError:
            return None
        if len(pixels) != size:
            return None
        return np.frombuffer(pixels, np.uint8).reshape(len(images), *self._shape)


PLAIN, OTHER = b"+", b"-"
"""First byte of an answer: followed by the images, or by nothing."""


def _decode_plain(contents: Sequence[bytes], shape: Shape, size: int | None) -> bytes:
    seen, out = Seen(), np.empty((len(contents), *shape), np.uint8)
    try:
        for i, content in enumerate(contents):
            pixels = decode_with(Encoded("", content), size, seen)
            if pixels.shape[:2] != shape[:2] or pixels.shape[2] > shape[2]:
                return OTHER
            out[i] = pixels
    except DataError:
        return OTHER
    return OTHER if seen.notices else PLAIN + out.tobytes()


def main() -> None:
    """Decodes blocks of images from standard input until it ends."""
    read, write = sys.stdin.buffer, sys.stdout.buffer
    while head := read.readline():
        job = json.loads(head)
        contents = [read.read(length) for length in job["lengths"]]
        write.write(_decode_plain(contents, tuple(job["shape"]), job["size"]))
        write.flush()


if __name__ == "__main__":
    main()
