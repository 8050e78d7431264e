from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "7de9ac27a8ba7fc8"}


def daily(n: int, days: range, clock: str = "10:00") -> list[Row]:
    """`n` requests within the hour after `clock` on each of the days, from the hour before on."""
    return [
        row
        for day in days
        for row in many(n, at(clock, day), timedelta(seconds=1), ip="192.0.2.7", operation="GET")
    ]


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("web/traffic_silence", "api_requests", *groups)


def test_fires_when_an_hour_with_twenty_usual_requests_has_none() -> None:
    assert score(daily(20, range(-8, 0))) == {"web": (20.0, "flagged")}


def test_nearly_fires_when_fewer_are_usual() -> None:
    assert score(daily(15, range(-8, 0))) == {"web": (15.0, "near")}


def test_stays_quiet_when_one_request_arrived() -> None:
    assert score(daily(20, range(-8, 1, 1)), daily(1, range(1))) == {"web": (0.0, "bulk")}


def test_stays_quiet_at_an_hour_that_is_always_empty() -> None:
    assert score(daily(90, range(-8, 0), clock="09:00")) == {"web": (0.0, "bulk")}


def test_six_known_hours_are_not_enough_to_tell_and_seven_are() -> None:
    assert score(daily(20, range(-6, 0))) == {"web": (None, "null")}
    assert score(daily(20, range(-7, 0))) == {"web": (20.0, "flagged")}


def test_a_request_at_the_next_hour_does_not_break_the_silence() -> None:
    assert score(daily(20, range(-8, 0)), daily(1, range(1), clock="11:00")) == {
        "web": (20.0, "flagged")
    }
