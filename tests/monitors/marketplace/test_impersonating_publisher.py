from datetime import timedelta

import pytest

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "42addf20c1918ddf"}
MINUTE = timedelta(minutes=1)


def installs(n: int, name: str) -> list[Row]:
    who: Row = {"account_id": "u{i}", "action": "install"}
    return many(n, at("10:00", -5), MINUTE, listing_id="old", publisher_name=name, **who)


def creates(
    name: str | None, *, account: str = "p", clock: str = "10:00", days: int = 0
) -> list[Row]:
    what: Row = {"listing_id": "x" if days == 0 else "old", "action": "create"}
    return many(1, at(clock, days), MINUTE, publisher_name=name, account_id=account, **what)


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("marketplace/impersonating_publisher", "listings", *groups)


KNOWN = installs(20, "Maple Harbor Tools")


@pytest.mark.parametrize(
    "name",
    ["Maрle Harbor Tools", "MapIe Harbor Tools", "MapleHarbor Tools", "Maple Harbor Tools."],  # noqa: RUF001
)
def test_fires_on_a_name_that_looks_the_same(name: str) -> None:
    assert score(KNOWN, creates(name)) == {"x": (1.0, "flagged")}


@pytest.mark.parametrize("name", ["The Maple Harbor Tools", "Official Maple Harbor Tools Inc"])
def test_fires_on_the_name_beside_words_of_bait(name: str) -> None:
    assert score(KNOWN, creates(name)) == {"x": (1.0, "flagged")}


def test_fires_on_a_letter_left_out() -> None:
    assert score(KNOWN, creates("Maple Harbor Tols")) == {"x": (0.9375, "flagged")}


def test_nearly_fires_on_two_letters_changed() -> None:
    assert score(KNOWN, creates("Mable Harbor Fools")) == {"x": (0.875, "near")}


def test_stays_quiet_on_a_name_of_its_own() -> None:
    assert score(KNOWN, creates("Cedar Lagoon Media")) == {"x": (0.0, "bulk")}


def test_stays_quiet_on_the_publisher_itself() -> None:
    assert score(KNOWN, creates("Maple Harbor Tools")) == {"x": (0.0, "bulk")}


def test_stays_quiet_on_an_account_that_published_under_the_name_it_resembles() -> None:
    before = creates("Maple Harbor Tools", days=-5)
    assert score(KNOWN, before, creates("Maple Harbor Tools Support")) == {"x": (0.0, "bulk")}
    other = creates("Maple Harbor Tools Support", account="q")
    assert score(KNOWN, before, other) == {"x": (1.0, "flagged")}


def test_stays_quiet_on_the_better_known_of_two_alike() -> None:
    lesser = installs(30, "MapIe Harbor Tools")
    known = installs(40, "Maple Harbor Tools")
    assert score(known, lesser, creates("Maple Harbor Tools")) == {"x": (0.0, "bulk")}


def test_stays_quiet_while_nobody_is_well_known() -> None:
    assert score(KNOWN[:19], creates("Maple Harbor Tools.")) == {"x": (None, "null")}


def test_stays_quiet_on_a_listing_without_a_name() -> None:
    assert score(KNOWN, creates(None)) == {}
