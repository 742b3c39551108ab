"""Work that an interruption of the main thread must not cut short."""

import threading
from collections.abc import Callable
from concurrent.futures import Future


def uninterrupted(task: Callable[[], None]) -> None:
    """Runs a task to its end, even if this thread is interrupted in the meantime.

    Python raises `KeyboardInterrupt`, and what signal handlers raise, in the main thread only, so
    that one runs the task in another thread, which also ends before the process does.

    Args:
        task: What has to be done.

    Raises:
        BaseException: What the task raised, or the interruption.
    """
    if threading.current_thread() is not threading.main_thread():
        task()
        return
    outcome: Future[None] = Future()

    def run() -> None:
        try:
            task()
            outcome.set_result(None)
        except BaseException as error:
            outcome.set_exception(error)

    threading.Thread(target=run, name="uninterrupted").start()
    outcome.result()
