from datetime import timedelta

import pytest

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "d8d772a270c7c4d9"}


def calls(
    n: int, operation: str = "StopLogging", error: str | None = None, clock: str = "10:00"
) -> list[Row]:
    second = timedelta(seconds=1)
    return many(n, at(clock), second, key_id="k", operation=operation, error=error)


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("api/audit_log_tampering", "api_requests", *groups)


@pytest.mark.parametrize("operation", ["StopLogging", "DeleteTrail", "DeleteFlowLogs"])
def test_fires_at_one_call_that_succeeds(operation: str) -> None:
    assert score(calls(1, operation)) == {"k": (1.0, "flagged")}


def test_fires_at_two_attempts_that_fail() -> None:
    assert score(calls(2, error="AccessDenied")) == {"k": (1.0, "flagged")}


def test_nearly_fires_at_one_attempt_that_fails() -> None:
    assert score(calls(1, error="TrailNotFoundException")) == {"k": (0.5, "near")}


def test_a_status_alone_tells_a_failure_too() -> None:
    refused = [row | {"status": 403} for row in calls(1)]
    assert score(refused) == {"k": (0.5, "near")}


def test_stays_quiet_on_who_reads_the_logging_setup() -> None:
    assert score(calls(50, "DescribeTrails"), calls(50, "GetTrailStatus")) == {}


def test_the_next_hour_begins_on_the_hour() -> None:
    assert score(calls(1, error="AccessDenied"), calls(1, clock="11:00")) == {"k": (0.5, "near")}
