from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "ddac9232004fb02b"}
MINUTE = timedelta(minutes=1)


def version(policy: float | None, *, clock: str = "09:00", days: int = 0) -> list[Row]:
    return many(1, at(clock, days), MINUTE, listing_id="x", action="create", score_policy=policy)


def installs(n: int, *, clock: str = "10:00", account: str = "a{i}") -> list[Row]:
    return many(n, at(clock), MINUTE, listing_id="x", action="install", account_id=account)


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("marketplace/policy_violating_listing", "listings", *groups)


def test_fires_at_five_installs_of_a_likely_violation() -> None:
    assert score(version(0.8), installs(5)) == {"x": (5.0, "flagged")}


def test_fires_on_a_version_of_six_days_ago() -> None:
    assert score(version(0.9, clock="00:00", days=-6), installs(5)) == {"x": (5.0, "flagged")}


def test_nearly_fires_at_four_installs() -> None:
    assert score(version(0.9), installs(4)) == {"x": (4.0, "near")}


def test_stays_quiet_on_installs_before_the_violation() -> None:
    assert score(version(0.9, clock="20:00"), installs(90)) == {"x": (0.0, "bulk")}


def test_stays_quiet_on_a_popular_listing_in_fair_doubt() -> None:
    assert score(version(0.79), installs(90)) == {"x": (0.0, "bulk")}


def test_stays_quiet_on_one_account_that_installs_often() -> None:
    assert score(version(0.9), installs(90, account="a")) == {"x": (1.0, "bulk")}


def test_a_listing_without_scores_is_null() -> None:
    assert score(version(None), installs(90)) == {"x": (None, "null")}
