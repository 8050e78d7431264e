from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "b59d7cb4fe5c379e"}
SECOND = timedelta(seconds=1)


def requests(n: int, every: timedelta = SECOND) -> list[Row]:
    return many(n, at("10:00"), every, ip="192.0.2.7", operation="GET", path="/")


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("web/request_flood", "api_requests", *groups)


def test_fires_at_one_request_a_second_for_five_minutes() -> None:
    assert score(requests(300)) == {"192.0.2.7": (300.0, "flagged")}


def test_nearly_fires_when_the_flood_is_a_little_thinner() -> None:
    assert score(requests(280)) == {"192.0.2.7": (280.0, "near")}


def test_stays_quiet_on_as_many_requests_over_an_hour() -> None:
    assert score(requests(300, 12 * SECOND)) == {"192.0.2.7": (25.0, "bulk")}


def test_the_first_request_leaves_the_window_after_exactly_five_minutes() -> None:
    assert score(requests(301)) == {"192.0.2.7": (300.0, "flagged")}
    assert score(requests(299), requests(1, SECOND)) == {"192.0.2.7": (300.0, "flagged")}
    last = many(1, at("10:05"), SECOND, ip="192.0.2.7", operation="GET", path="/")
    assert score(requests(299), last) == {"192.0.2.7": (299.0, "near")}
