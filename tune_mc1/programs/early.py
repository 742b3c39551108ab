"""Programs of a sweep's first trials, started while Ray starts; its processes take them over.

A program does not need Ray, whose start takes seconds. It belongs to the sweep's own process until
the process of Ray that runs its trial asks for it by the trial's id, on a socket, and gets the
pipes to its supervisor. With the process that has these, the program ends.
"""

import json
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from tune_mc1.programs.process import Ending, Held, Program, TakenOver

ANSWER_S = 10.0
"""Seconds for which a process of Ray waits for an answer."""

NICE = 15
"""Priority of the programs, as Ray gives it to its processes that run trials: Ray comes first."""

_ASK_S = 1.0
_LONGEST = 4096

Start = Callable[[], Program]


class EarlyPrograms:
    """Starts programs, one after the other in so many places, until they are first asked for.

    All of that is done in a thread. A program that ends badly is the last one that is started, as
    others are likely to fail alike.

    Args:
        trials: Starts the program of each trial, by the trial's id, in the order of the sweep.
        places: Number of programs that run at once.

    Attributes:
        began: When each program was started, by trial, in seconds since 1970.
    """

    def __init__(self, trials: Mapping[str, Start], places: int) -> None:
        self.began: dict[str, float] = {}
        self._coming = iter(trials.items())
        self._more = True
        self._closing = False
        self._waiting: dict[str, Program] = {}  # that no process has asked for
        self._selector = selectors.DefaultSelector()
        self._listener: socket.socket | None = None
        self._wake, self._woken = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ, self._on_wake)
        self._thread = threading.Thread(target=self._run, args=(places,), daemon=True)
        self._thread.start()

    def serve(self, folder: Path) -> str:
        """Lets other processes of the user take the programs over.

        Args:
            folder: A directory that only the user can enter.

        Returns:
            Where they ask; empty if they cannot, so that they start programs themselves.
        """
        address = str(folder / "early")
        listener = socket.socket(socket.AF_UNIX)
        try:
            listener.bind(address)
            listener.listen(128)
        except OSError:  # the path is too long, or there is no such directory
            listener.close()
            self.close()
            return ""
        self._listener = listener
        self._wake.send(b".")
        return address

    def close(self) -> None:
        """Ends the programs that nobody has taken over."""
        self._closing = True
        with suppress(OSError):
            self._wake.send(b".")
        self._thread.join()

    def _run(self, places: int) -> None:
        for _ in range(places):
            self._begin_next()
        while not self._closing:
            for key, _ in self._selector.select():
                key.data()
        self._more = False
        for program in self._waiting.values():
            program.stop()
        for program in self._waiting.values():
            with program:
                pass
        self._selector.close()
        for end in (self._wake, self._woken, self._listener):
            if end is not None:
                end.close()

    def _begin_next(self) -> None:
        trial, start = next(self._coming, ("", None))
        if not self._more or start is None:
            return
        try:
            program = start()
        except Exception:  # the trial's own start will say it
            self._more = False
            return
        with suppress(OSError):  # before the supervisor starts the program, which inherits it
            os.setpriority(os.PRIO_PROCESS, program.supervisor, max(NICE, os.nice(0)))
        self.began[trial], self._waiting[trial] = time.time(), program
        _, stdout = program.files
        self._selector.register(stdout, selectors.EVENT_READ, lambda: self._look(program, stdout))

    def _look(self, program: Program, stdout: int) -> None:
        """Notes the end of a program, and starts the next one."""
        # Its pipe is unknown to the selector before it is closed, as the number is used again.
        self._selector.unregister(stdout)
        if program.wait(0.0) is None:
            self._selector.register(
                stdout, selectors.EVENT_READ, lambda: self._look(program, stdout)
            )
            return
        self._more = self._more and program.ending is not None and program.ending.ok
        self._begin_next()

    def _on_wake(self) -> None:
        self._woken.recv(64)
        if self._listener is not None and not self._closing:
            with suppress(KeyError):  # it is known already
                self._selector.register(self._listener, selectors.EVENT_READ, self._answer)

    def _answer(self) -> None:
        """Hands a program over to the process that asks for it."""
        assert self._listener is not None
        with suppress(OSError):
            asking, _ = self._listener.accept()
            with asking:
                asking.settimeout(_ASK_S)
                self._hand_over(asking, asking.recv(_LONGEST).decode())

    def _hand_over(self, asking: socket.socket, trial: str) -> None:
        self._more = False
        program = self._waiting.pop(trial, None)
        if trial not in self.began:
            # Trials are asked for in their order: those that were not will not be any more.
            for dropped in self._waiting.values():
                dropped.stop()
        if program is None:
            return
        text = json.dumps(asdict(program.held)).encode()
        if files := program.files:
            self._selector.unregister(files[1])
        try:
            socket.send_fds(asking, [text], files)
        finally:
            program.let_go()


def take_over(address: str, trial: str) -> Program | None:
    """Takes over the program of a trial.

    Args:
        address: Where to ask.
        trial: The trial's id.

    Returns:
        The program, which may have ended; None if it has not been started.
    """
    try:
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(ANSWER_S)
            asking.connect(address)
            asking.sendall(trial.encode())
            text, files, _, _ = socket.recv_fds(asking, _LONGEST, 2)
    except OSError:
        return None
    if not text:
        return None
    for file in files:
        os.set_inheritable(file, False)
    held = json.loads(text)
    ending = held.pop("ending")
    return TakenOver(Held(**held, ending=Ending(**ending) if ending else None), files)
