from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "908c494aa3d0740c"}


def requests(n: int, status: int | None, path: str = "/{i}", clock: str = "00:00") -> list[Row]:
    every = timedelta(hours=1)
    return many(n, at(clock), every, ip="192.0.2.7", operation="GET", path=path, status=status)


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("web/slow_guessing", "api_requests", *groups)


def test_fires_at_four_guesses_spread_over_a_day() -> None:
    assert score(requests(4, 404)) == {"192.0.2.7": (4.0, "flagged")}


def test_fires_when_half_of_the_pages_exist() -> None:
    assert score(requests(6, 404), requests(6, 200)) == {"192.0.2.7": (6.0, "flagged")}


def test_nearly_fires_at_three() -> None:
    assert score(requests(3, 404)) == {"192.0.2.7": (3.0, "near")}


def test_stays_quiet_on_a_reader_who_meets_broken_links() -> None:
    assert score(requests(6, 404), requests(7, 200)) == {"192.0.2.7": (0.0, "bulk")}


def test_stays_quiet_on_one_page_that_moved() -> None:
    assert score(requests(20, 404, path="/old")) == {"192.0.2.7": (1.0, "bulk")}


def test_stays_quiet_on_a_crawler_that_says_so() -> None:
    agent = "Somebot/2.1 (+http://example.com/bot.html)"
    assert score([row | {"user_agent": agent} for row in requests(20, 404)]) == {}


def test_requests_without_a_status_count_in_neither_part() -> None:
    assert score(requests(5, 404), requests(19, None)) == {"192.0.2.7": (5.0, "flagged")}


def test_the_next_day_begins_at_midnight() -> None:
    assert score(requests(6, 404, clock="21:00")) == {"192.0.2.7": (3.0, "near")}
