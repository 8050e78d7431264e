from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "0d7827531fbb0428"}
MINUTE = timedelta(minutes=1)


def published(
    action: str, domain: str | None, *, clock: str = "09:00", days: int = -3
) -> list[Row]:
    version: Row = {"account_id": "p", "config_hash": domain, "action_domain": domain}
    return many(1, at(clock, days), MINUTE, listing_id="x", action=action, **version)


def installs(n: int, *, account: str = "a{i}", days: int = -2) -> list[Row]:
    who: Row = {"account_id": account, "action": "install"}
    return many(n, at("10:00", days), MINUTE, listing_id="x", action_domain="old", **who)


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("marketplace/bait_and_switch", "listings", *groups)


CREATED = published("create", "old")
SWITCHED = published("change", "new", days=0)


def test_fires_when_the_domain_changes_after_eight_installs() -> None:
    assert score(CREATED, installs(8), SWITCHED) == {"x": (8.0, "flagged")}


def test_fires_on_a_switch_after_harmless_updates() -> None:
    update = published("change", "old", clock="12:00", days=-1)
    assert score(CREATED, installs(9), update, SWITCHED) == {"x": (9.0, "flagged")}


def test_nearly_fires_at_seven_installs() -> None:
    assert score(CREATED, installs(7), SWITCHED) == {"x": (7.0, "near")}


def test_stays_quiet_on_an_update_behind_the_same_domain() -> None:
    update = published("change", "old", days=0)
    assert score(CREATED, installs(90), update) == {"x": (0.0, "bulk")}


def test_stays_quiet_on_one_account_that_installs_it_often() -> None:
    assert score(CREATED, installs(90, account="a"), SWITCHED) == {"x": (1.0, "bulk")}


def test_stays_quiet_on_installs_after_the_switch() -> None:
    later = [row | {"occurred_at": at("20:00")} for row in installs(90)]
    assert score(CREATED, later, SWITCHED) == {"x": (0.0, "bulk")}


def test_stays_quiet_on_a_listing_whose_beginning_is_not_known() -> None:
    assert score(installs(90), SWITCHED) == {"x": (None, "null")}


def test_a_creation_is_out_of_reach_after_exactly_fourteen_days() -> None:
    day_before = published("create", "old", clock="08:59:59", days=-14)
    assert score(day_before, installs(9), SWITCHED) == {"x": (None, "null")}
    in_reach = published("create", "old", clock="09:00", days=-14)
    assert score(in_reach, installs(9), SWITCHED) == {"x": (9.0, "flagged")}
