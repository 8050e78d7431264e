import json
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitors.evaluate import Span
from monitors.registry import registry
from monitors.trial import trial
from monitors.web.scraping_swarm import scraping_swarm
from tests.monitors.rows import DAY, Row, at, many, scored, table

DIGESTS = {1: "c5887f0a50e3f039"}
AGENT = "Mozilla/5.0 (Windows NT 10.0) Old/1.0"
MINUTE = timedelta(minutes=1)


def visits(addresses: int, pages: int = 3, path: str = "/{i}", **other: object) -> list[Row]:
    """As many pages from each address."""
    return [
        row
        for n in range(addresses)
        for row in many(
            pages,
            at("10:00"),
            MINUTE,
            ip=f"192.0.2.{n}",
            operation="GET",
            path=path,
            user_agent=AGENT,
            **other,
        )
    ]


def readers(addresses: int) -> list[Row]:
    """Other addresses of the same client, whose pages link to each other."""
    led = visits(addresses, referer="www.example.com")
    return [row | {"ip": f"reader-{row['ip']}"} for row in led]


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("web/scraping_swarm", "api_requests", *groups)


def test_fires_at_ten_addresses_of_one_client_that_read_three_pages_each() -> None:
    assert score(visits(10)) == {AGENT: (10.0, "flagged")}


def test_nearly_fires_at_nine() -> None:
    assert score(visits(9)) == {AGENT: (9.0, "near")}


def test_stays_quiet_on_a_browser_that_readers_use_too() -> None:
    assert score(visits(40), readers(11)) == {AGENT: (0.0, "bulk")}
    assert score(visits(40), readers(10)) == {AGENT: (40.0, "flagged")}


def test_stays_quiet_on_readers_who_load_what_pages_show() -> None:
    assert score(visits(40), visits(40, 1, "/style.css")) == {AGENT: (0.0, "bulk")}


def test_stays_quiet_on_visitors_of_two_pages() -> None:
    assert score(visits(90, 2)) == {}


def test_stays_quiet_on_a_crawler_that_says_so() -> None:
    assert score([row | {"user_agent": "Somebot/2.1"} for row in visits(40)]) == {}


def test_stays_quiet_on_one_address_however_much_it_reads() -> None:
    assert score(visits(1, 500)) == {AGENT: (1.0, "bulk")}


def test_names_its_addresses_in_order_and_a_hundred_at_most() -> None:
    events = {"api_requests": table("web", "api_requests", visits(130))}
    monitor = registry().get("web/scraping_swarm")
    found = trial(monitor, events, Span(DAY, DAY + timedelta(days=1))).findings
    members = json.loads(found["evidence"][0])["members"]
    assert members == sorted(f"192.0.2.{n}" for n in range(130))[:100]


@given(order=st.permutations(range(36)))
def test_the_order_of_rows_changes_nothing(order: list[int]) -> None:
    rows = visits(12)
    shuffled = table("web", "api_requests", [rows[i] for i in order])
    assert scraping_swarm(shuffled.lazy()).collect()["score"].to_list() == [12.0]
