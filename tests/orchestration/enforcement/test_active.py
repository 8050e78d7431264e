from datetime import timedelta
from pathlib import Path

import pytest

from orchestration.enforcement.active import ActiveEntities
from orchestration.lake import Lake
from tests.support.lakes import at, put

NOW = at("2026-03-02T12:00")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def login(account: str | None, when: str, ip: str | None = None) -> dict[str, object]:
    return {"occurred_at": at(when), "account_id": account, "ip": ip, "succeeded": True}


def test_accounts_of_the_last_day_are_counted_once(lake: Lake) -> None:
    put(
        lake,
        "accounts",
        "logins",
        [
            login("amy", "2026-03-02T11:00"),
            login("amy", "2026-03-01T13:00"),
            login("bob", "2026-03-01T12:00"),
            login("too-old", "2026-03-01T11:59"),
            login("too-new", "2026-03-02T12:00"),
        ],
    )
    assert ActiveEntities(lake, NOW)("accounts") == 2


def test_where_nobody_is_signed_in_addresses_count(lake: Lake) -> None:
    rows = [
        login(None, "2026-03-02T11:00", ip) for ip in ("203.0.113.1", "203.0.113.2", "203.0.113.2")
    ]
    put(lake, "web", "logins", rows)
    assert ActiveEntities(lake, NOW)("web") == 2


def test_the_platform_is_every_product(lake: Lake) -> None:
    put(lake, "accounts", "logins", [login("amy", "2026-03-02T11:00")])
    put(lake, "chat", "logins", [login("amy", "2026-03-02T11:00"), login("b", "2026-03-02T11:00")])
    assert ActiveEntities(lake, NOW)("platform") == 2


def test_what_the_lake_has_no_event_of_is_unknown_and_not_none_at_all(lake: Lake) -> None:
    assert ActiveEntities(lake, NOW)("accounts") is None
    put(lake, "accounts", "logins", [login("amy", "2026-02-02T11:00")])
    assert ActiveEntities(lake, NOW)("accounts") is None
    assert ActiveEntities(lake, NOW)("chat") is None


def test_a_product_is_counted_once_a_tick(lake: Lake) -> None:
    put(lake, "accounts", "logins", [login("amy", "2026-03-02T11:00")])
    active = ActiveEntities(lake, NOW)
    assert active("accounts") == 1
    put(lake, "accounts", "logins", [login("bob", "2026-03-02T11:30")])
    assert active("accounts") == 1
    assert ActiveEntities(lake, NOW + timedelta(minutes=1))("accounts") == 2
