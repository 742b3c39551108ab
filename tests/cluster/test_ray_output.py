"""What Ray says of a dashboard that did not start is held back; all other errors of it show."""

import logging

import pytest

from tune_mc1.cluster.ray_output import DashboardErrors

LINES = (
    "Failed to start the dashboard , return code 1",
    "Error should be written to 'dashboard.log' or 'dashboard.err'. We are printing",
    "\nThe last 20 lines of /tmp/ray/logs/dashboard.log (it contains the error): \nImportError: x",
)


def test_a_dashboard_that_did_not_start_is_no_news(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, log = DashboardErrors(), logging.getLogger("ray._private.services")
    monkeypatch.setattr(log, "filters", [])  # that of a Ray which runs in this process
    held.install()
    log.addHandler(caplog.handler)
    try:
        for line in LINES:
            log.error(Exception(line))
        assert held.last == "ImportError: x"
        log.error("Failed to start the raylet")
    finally:
        log.removeHandler(caplog.handler)
        log.removeFilter(held)
    assert {record.getMessage() for record in caplog.records} == {"Failed to start the raylet"}
