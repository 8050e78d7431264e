from datetime import timedelta

import pytest

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "4ee9e34296c41459"}


def calls(n: int, error: str | None, status: int | None = None, clock: str = "10:00") -> list[Row]:
    second = timedelta(seconds=1)
    return many(n, at(clock), second, key_id="k", operation="Get{i}", error=error, status=status)


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("api/denied_calls", "api_requests", *groups)


@pytest.mark.parametrize("error", ["AccessDenied", "Client.UnauthorizedOperation", "Forbidden"])
def test_fires_when_half_is_refused(error: str) -> None:
    assert score(calls(5, error), calls(5, None)) == {"k": (0.5, "flagged")}


@pytest.mark.parametrize("status", [401, 403])
def test_fires_on_the_status_of_a_refusal(status: int) -> None:
    assert score(calls(10, None, status)) == {"k": (1.0, "flagged")}


def test_nearly_fires_at_two_fifths() -> None:
    assert score(calls(4, "AccessDenied"), calls(6, None, 200)) == {"k": (0.4, "near")}


def test_stays_quiet_on_errors_that_are_no_refusals() -> None:
    rows = calls(20, "ThrottlingException", 429), calls(20, "NoSuchBucketPolicy", 404)
    assert score(*rows) == {"k": (0.0, "bulk")}


def test_stays_quiet_under_ten_calls_because_that_tells_nothing() -> None:
    assert score(calls(9, "AccessDenied")) == {"k": (None, "null")}


def test_the_next_hour_begins_on_the_hour() -> None:
    later = calls(90, None, 200, clock="11:00")
    assert score(calls(10, "AccessDenied"), later) == {"k": (1.0, "flagged")}
