from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "6ef0455a7eb0a1fc"}
BROWSER = "Mozilla/5.0 (Windows NT 6.1; WOW64; rv:26.0) Gecko/20100101 Firefox/26.0"
CRAWLER = "Mozilla/5.0 (compatible; Somebot/2.1; +http://example.com/bot.html)"


def pages(
    n: int, agent: str | None = BROWSER, path: str = "/{i}", clock: str = "00:00"
) -> list[Row]:
    every = timedelta(hours=1)
    return many(n, at(clock), every, ip="192.0.2.7", path=path, operation="GET", user_agent=agent)


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("web/slow_scraping", "api_requests", *groups)


def test_fires_at_fifteen_pages_in_a_day_one_an_hour() -> None:
    assert score(pages(15)) == {"192.0.2.7": (15.0, "flagged")}


def test_fires_on_software_without_a_name() -> None:
    assert score(pages(24, None)) == {"192.0.2.7": (24.0, "flagged")}


def test_nearly_fires_at_twelve() -> None:
    assert score(pages(12)) == {"192.0.2.7": (12.0, "near")}


def test_stays_quiet_on_a_browser_that_loads_one_style_sheet() -> None:
    assert score(pages(24), pages(1, path="/style2.CSS")) == {"192.0.2.7": (0.0, "bulk")}


def test_stays_quiet_on_a_reader_who_follows_links() -> None:
    led = [row | {"referer": "www.example.com"} for row in pages(23)]
    assert score(led, pages(1, path="/first")) == {"192.0.2.7": (1.0, "bulk")}


def test_stays_quiet_on_a_crawler_that_says_so() -> None:
    assert score(pages(24, CRAWLER)) == {}


def test_stays_quiet_on_one_page_fetched_again_and_again() -> None:
    assert score(pages(24, path="/status")) == {"192.0.2.7": (1.0, "bulk")}


def test_the_next_day_begins_at_midnight() -> None:
    late = pages(24, clock="12:00")
    assert score(late) == {"192.0.2.7": (12.0, "near")}
