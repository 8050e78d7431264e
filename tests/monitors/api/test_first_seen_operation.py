from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "0ea03ca072a8426e"}
DAY = timedelta(days=1)


def history(first: int, last: int = -1, operation: str = "Usual") -> list[Row]:
    return many(last - first + 1, at("10:00", first), DAY, account_id="a", operation=operation)


def today(n: int, operation: str = "New{i}", clock: str = "10:00") -> list[Row]:
    return many(n, at(clock), timedelta(seconds=1), account_id="a", operation=operation)


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("api/first_seen_operation", "api_requests", *groups)


def test_fires_at_ten_operations_that_the_account_never_used() -> None:
    assert score(history(-9), today(10)) == {"a": (10.0, "flagged")}


def test_nearly_fires_at_eight() -> None:
    assert score(history(-9), today(8), today(5, "Usual")) == {"a": (8.0, "near")}


def test_stays_quiet_on_what_it_did_before() -> None:
    used = many(20, at("10:00", -3), timedelta(seconds=1), account_id="a", operation="New{i}")
    assert score(history(-9), used, today(20)) == {"a": (0.0, "bulk")}


def test_stays_quiet_on_an_account_without_history() -> None:
    assert score(today(40)) == {"a": (None, "null")}


def test_a_history_of_six_days_is_not_enough_to_tell_and_seven_days_are() -> None:
    assert score(history(-7), today(40)) == {"a": (None, "null")}
    assert score(history(-8), today(40)) == {"a": (40.0, "flagged")}


def test_an_operation_last_used_over_28_days_ago_is_new_again() -> None:
    old = many(20, at("10:00", -29), timedelta(0), account_id="a", operation="New{i}")
    assert score(old, history(-9), today(20)) == {"a": (20.0, "flagged")}
    recent = [row | {"occurred_at": at("00:00", -28)} for row in old]
    assert score(recent, history(-9), today(20)) == {"a": (0.0, "bulk")}
