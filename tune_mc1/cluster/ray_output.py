"""Filter for Ray's log lines that do not concern a sweep."""

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
    """Hides Ray's messages about a dashboard that does not start.

    Ray starts a dashboard process for each Ray of our own, which no sweep needs. On a busy machine
    or without the extra `ray[default]`, it continues without it after three lines and a traceback.

    Attributes:
        last: The last hidden line: the error of the dashboard, or empty.
    """

    def __init__(self) -> None:
        super().__init__()
        self.last = ""

    def install(self) -> None:
        """Adds the filter to the logger of Ray that reports these errors."""
        self.last = ""
        logging.getLogger("ray._private.services").addFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        """True for records to show."""
        text = str(record.msg).strip()
        if not text.startswith(_BEGINNINGS):
            return True
        self.last = text.splitlines()[-1].strip()
        return False


DASHBOARD_ERRORS = DashboardErrors()
