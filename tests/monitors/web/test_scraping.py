from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "a67ffdc62d526820", 2: "ccef99cd0f75b16d"}
MINUTE = timedelta(minutes=1)


BROWSER = "Mozilla/5.0 (Windows NT 6.1; WOW64; rv:26.0) Gecko/20100101 Firefox/26.0"


def pages(
    n: int,
    every: timedelta = MINUTE,
    path: str = "/{i}.html",
    agent: str | None = None,
    referer: str | None = None,
) -> list[Row]:
    return many(
        n,
        at("10:00"),
        every,
        ip="192.0.2.7",
        operation="GET",
        path=path,
        user_agent=agent,
        referer=referer,
    )


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("web/scraping", "api_requests", *groups)


def test_fires_at_twenty_pages_within_an_hour() -> None:
    assert score(pages(20)) == {"192.0.2.7": (20.0, "flagged")}


def test_nearly_fires_at_nineteen_pages() -> None:
    assert score(pages(19)) == {"192.0.2.7": (19.0, "near")}


def test_stays_quiet_on_one_page_read_again_and_again() -> None:
    assert score(pages(50, path="/news.html")) == {"192.0.2.7": (1.0, "bulk")}


def test_stays_quiet_on_the_assets_of_one_page() -> None:
    assets = pages(40, path="/images/{i}.PNG")
    assert score(pages(1), assets) == {"192.0.2.7": (1.0, "bulk")}


def test_stays_quiet_on_a_reader_who_follows_links() -> None:
    assert score(pages(50, agent=BROWSER, referer="www.example.com")) == {}


def test_stays_quiet_on_a_crawler_that_says_so() -> None:
    assert score(pages(50, agent="Somebot/2.1 (+http://example.com/bot.html)")) == {}


def test_stays_quiet_on_a_browser_that_shows_what_it_reads() -> None:
    shown = pages(3, path="/{i}.css", agent=BROWSER)
    assert score(pages(57, agent=BROWSER), shown) == {}
    assert score(pages(58, agent=BROWSER), shown) == {"192.0.2.7": (58.0, "flagged")}


def test_fires_on_nameless_software_that_takes_the_images_too() -> None:
    images = pages(20, path="/{i}.png")
    assert score(pages(30), images) == {"192.0.2.7": (30.0, "flagged")}


def test_a_page_leaves_the_window_exactly_an_hour_after_it_was_read() -> None:
    first = many(1, at("09:30"), MINUTE, ip="192.0.2.7", operation="GET", path="/first")
    last = many(19, at("10:30"), timedelta(0), ip="192.0.2.7", operation="GET", path="/{i}")
    assert score(first, last) == {"192.0.2.7": (19.0, "near")}
    sooner = [row | {"occurred_at": at("10:29:59")} for row in last]
    assert score(first, sooner) == {"192.0.2.7": (20.0, "flagged")}
