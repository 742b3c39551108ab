"""Lines of Ray that say nothing of a sweep, held back from the terminal."""

import logging

_BEGINNINGS = (
    "Failed to start the dashboard",
    "Failed to start a dashboard",
    "Error should be written to 'dashboard.log'",
    "Couldn't read dashboard.log file",
    "Failed to read dashboard.err file",
    "The last 20 lines of ",
)


class DashboardErrors(logging.Filter):
    """Holds back what Ray says when its dashboard does not start.

    Ray starts a process of it for each Ray of our own, which no sweep needs, and on a busy machine
    or without the extra `ray[default]` goes on without it after three lines and a traceback.

    Attributes:
        last: The last line that was held back: what the dashboard ended with, or nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.last = ""

    def install(self) -> None:
        """Begins to hold back, from the one logger of Ray that says it."""
        self.last = ""
        logging.getLogger("ray._private.services").addFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is shown."""
        text = str(record.msg).strip()
        if not text.startswith(_BEGINNINGS):
            return True
        self.last = text.splitlines()[-1].strip()
        return False


DASHBOARD_ERRORS = DashboardErrors()
