from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "9e729bb6d6558cf2"}
MINUTE = timedelta(minutes=1)


def rates(n: int, *, who: str = "a{i}", device: str = "d{i}", **values: object) -> list[Row]:
    given: Row = {"account_id": who, "device_id": device, "action": "rate", "rating": 5.0}
    return many(n, at("12:00"), MINUTE, listing_id="x", **(given | values))


def installs(n: int, *, who: str = "a{i}", clock: str = "10:00", days: int = 0) -> list[Row]:
    given: Row = {"account_id": who, "action": "install", "listing_id": "x"}
    return many(n, at(clock, days), MINUTE, **given)


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("marketplace/review_manipulation", "listings", *groups)


def test_fires_when_four_accounts_praise_what_they_never_installed() -> None:
    assert score(rates(4)) == {"x": (4.0, "flagged")}


def test_fires_when_five_who_installed_it_rate_from_one_device() -> None:
    assert score(installs(5), rates(5, device="d")) == {"x": (5.0, "flagged")}


def test_nearly_fires_at_three() -> None:
    assert score(rates(3)) == {"x": (3.0, "near")}


def test_stays_quiet_on_raters_who_installed_it() -> None:
    assert score(installs(90, days=-7), rates(90)) == {"x": (0.0, "bulk")}


def test_stays_quiet_on_a_couple_at_one_device() -> None:
    assert score(installs(2), rates(2, device="d")) == {"x": (0.0, "bulk")}


def test_stays_quiet_on_bad_ratings_without_install() -> None:
    assert score(rates(9, rating=1.0)) == {"x": (0.0, "bulk")}


def test_stays_quiet_on_a_hit_with_a_few_strange_raters() -> None:
    crowd = installs(55, who="b{i}"), rates(55, who="b{i}", device="e{i}")
    assert score(*crowd, rates(6)) == {"x": (0.0, "bulk")}
    assert score(*crowd, rates(7)) == {"x": (7.0, "flagged")}


def test_stays_quiet_on_a_day_without_ratings() -> None:
    past = [row | {"occurred_at": at("12:00", -1)} for row in rates(9)]
    assert score(past, installs(1, who="z")) == {}


def test_an_install_counts_for_thirteen_days_before_the_day() -> None:
    assert score(installs(5, clock="00:00", days=-13), rates(5)) == {"x": (0.0, "bulk")}
    assert score(installs(5, clock="23:50", days=-14), rates(5)) == {"x": (5.0, "flagged")}
