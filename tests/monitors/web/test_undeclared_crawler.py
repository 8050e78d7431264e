from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "797ff76d8fc37d3e", 2: "1e5b971a29bd8860"}
BROWSER = "Mozilla/5.0 (Windows NT 6.1; WOW64; rv:26.0) Gecko/20100101 Firefox/26.0"
CRAWLER = "Mozilla/5.0 (compatible; Somebot/2.1; +http://example.com/bot.html)"


def pages(
    n: int, agent: str | None = BROWSER, path: str = "/{i}", clock: str = "10:00"
) -> list[Row]:
    every = timedelta(seconds=10)
    return many(n, at(clock), every, ip="192.0.2.7", path=path, operation="GET", user_agent=agent)


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("web/undeclared_crawler", "api_requests", *groups)


def test_fires_on_a_browser_that_reads_ten_pages_and_loads_no_asset() -> None:
    assert score(pages(10)) == {"192.0.2.7": (10.0, "flagged")}


def test_nearly_fires_at_eight_pages() -> None:
    assert score(pages(8)) == {"192.0.2.7": (8.0, "near")}


def test_stays_quiet_on_a_browser_that_loads_one_style_sheet() -> None:
    assert score(pages(30), pages(1, path="/style2.CSS")) == {"192.0.2.7": (0.0, "bulk")}


def test_stays_quiet_on_a_crawler_that_says_so() -> None:
    assert score(pages(30, CRAWLER)) == {}


def test_stays_quiet_on_software_without_a_name() -> None:
    assert score(pages(30, None)) == {}


def test_stays_quiet_on_a_reader_who_follows_links() -> None:
    led = [row | {"referer": "www.example.com"} for row in pages(30)]
    assert score(led) == {"192.0.2.7": (0.0, "bulk")}


def test_parts_of_one_file_are_one_page() -> None:
    assert score(pages(30, path="/talk.pdf")) == {"192.0.2.7": (1.0, "bulk")}


def test_the_next_hour_begins_on_the_hour() -> None:
    assert score(pages(9), pages(5, path="/later/{i}", clock="11:00")) == {
        "192.0.2.7": (9.0, "near")
    }
