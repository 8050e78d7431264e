import json
from datetime import timedelta

from monitors.evaluate import Span
from monitors.registry import registry
from monitors.trial import trial
from orchestration.duck import score as run
from tests.monitors.rows import DAY, Row, at, many, scored, table

DIGESTS = {1: "d559d444865089ea"}
MINUTE = timedelta(minutes=1)
NEW = "198.51.100.7"


def usual(n: int, days: int = -5, ip: str = "192.0.2.{i}") -> list[Row]:
    return many(n, at("10:00", days), 0 * MINUTE, account_id="a{i}", ip=ip, action="read")


def reads(n: int, documents: int = 5, first: int = 0, days: int = 0, **values: object) -> list[Row]:
    return [
        row | {"account_id": f"a{i}"}
        for i in range(first, first + n)
        for row in many(
            documents,
            at("09:00", days),
            MINUTE,
            **({"ip": NEW, "action": "read", "target": "t{i}"} | values),
        )
    ]


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("agents/split_scraping", "tool_calls", *groups)


def test_fires_at_four_accounts_in_three_days() -> None:
    assert score(usual(9), reads(2, days=-2), reads(2, first=2)) == {NEW: (4.0, "flagged")}


def test_fires_naming_the_accounts_in_order() -> None:
    rows = [*usual(9), *reads(5), *reads(1, documents=4, first=5)]
    events = {"tool_calls": table("agents", "tool_calls", rows)}
    monitor = registry().get("agents/split_scraping")
    found = trial(monitor, events, Span(DAY, DAY + timedelta(days=1)), runner=run).findings
    evidence = json.loads(found["evidence"][0])
    assert evidence["members"] == ["a0", "a1", "a2", "a3", "a4"]


def test_nearly_fires_at_three() -> None:
    assert score(usual(9), reads(3)) == {NEW: (3.0, "near")}


def test_stays_quiet_on_an_address_that_the_accounts_used_before() -> None:
    office = usual(9, ip=NEW)
    assert score(usual(9), office, reads(9)) == {}


def test_stays_quiet_on_people_who_also_write() -> None:
    writes = reads(9, documents=1, action="write")
    assert score(usual(9), reads(9), writes) == {NEW: (0.0, "bulk")}


def test_stays_quiet_on_four_documents_each() -> None:
    assert score(usual(9), reads(9, documents=4)) == {NEW: (0.0, "bulk")}


def test_stays_quiet_on_accounts_without_history() -> None:
    assert score(reads(9)) == {}
    assert score(usual(9, days=-2), reads(9)) == {}


def test_an_account_leaves_the_window_after_three_days() -> None:
    assert score(usual(9), reads(2, days=-3), reads(3, first=2)) == {NEW: (3.0, "near")}
