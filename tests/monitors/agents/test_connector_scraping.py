from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "ecd1b8f573950193"}
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def usual(ip: str = "192.0.2.1", first: int = -3) -> list[Row]:
    return many(-first, at("10:00", first), DAY, account_id="a", ip=ip, action="write", target="u")


def reads(n: int, ip: str = "198.51.100.7", **values: object) -> list[Row]:
    call: Row = {"account_id": "a", "ip": ip, "action": "read", "target": "t{i}"}
    return many(n, at("09:00"), MINUTE, **(call | values))


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("agents/connector_scraping", "tool_calls", *groups)


def test_fires_at_forty_documents_from_addresses_that_are_new() -> None:
    second = reads(10, "203.0.113.9", target="u{i}")
    assert score(usual(), reads(30), second) == {"a": (40.0, "flagged")}


def test_nearly_fires_at_thirty() -> None:
    assert score(usual(), reads(30)) == {"a": (30.0, "near")}


def test_stays_quiet_on_an_owner_who_also_writes() -> None:
    assert score(usual(), reads(90), reads(5, action="write")) == {"a": (0.0, "bulk")}
    assert score(usual(), reads(95), reads(5, action="write")) == {"a": (95.0, "flagged")}


def test_stays_quiet_on_the_same_document_again_and_again() -> None:
    assert score(usual(), reads(500, target="t")) == {"a": (1.0, "bulk")}


def test_stays_quiet_on_an_address_in_use() -> None:
    assert score(usual(), usual("198.51.100.7", -1), reads(500)) == {}


def test_stays_quiet_on_an_account_without_history() -> None:
    assert score(reads(500)) == {"a": (None, "null")}


def test_an_address_last_used_over_28_days_ago_is_new_again() -> None:
    old = [row | {"occurred_at": at("10:00", -29)} for row in usual("198.51.100.7", -1)]
    assert score(usual(), old, reads(40)) == {"a": (40.0, "flagged")}
