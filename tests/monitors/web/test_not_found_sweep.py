from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "4965f4507998ec24", 2: "410e48b6dfde08d7"}


def requests(n: int, status: int | None, clock: str = "10:00") -> list[Row]:
    second = timedelta(seconds=1)
    return many(n, at(clock), second, ip="192.0.2.7", operation="GET", path="/{i}", status=status)


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("web/not_found_sweep", "api_requests", *groups)


def test_fires_when_half_of_the_pages_do_not_exist() -> None:
    assert score(requests(3, 404), requests(3, 200)) == {"192.0.2.7": (0.5, "flagged")}


def test_nearly_fires_at_two_fifths() -> None:
    assert score(requests(4, 404), requests(6, 200)) == {"192.0.2.7": (0.4, "near")}


def test_stays_quiet_on_a_reader_with_one_broken_link() -> None:
    assert score(requests(1, 404), requests(9, 200)) == {"192.0.2.7": (0.1, "bulk")}


def test_stays_quiet_under_five_answers_because_that_tells_nothing() -> None:
    assert score(requests(4, 404)) == {"192.0.2.7": (None, "null")}


def test_stays_quiet_on_a_crawler_that_follows_old_links() -> None:
    agent = "Somebot/2.1 (+http://example.com/bot.html)"
    assert score([row | {"user_agent": agent} for row in requests(40, 404)]) == {}


def test_requests_without_a_status_count_in_neither_part() -> None:
    assert score(requests(5, 404), requests(90, None)) == {"192.0.2.7": (1.0, "flagged")}


def test_the_next_hour_begins_on_the_hour() -> None:
    later = requests(20, 200, clock="11:00")
    assert score(requests(5, 404, clock="10:59:55"), later) == {"192.0.2.7": (1.0, "flagged")}
