from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "93678617319df5ae"}
MINUTE = timedelta(minutes=1)


def logins(
    n: int, clock: str = "10:00", days: int = 0, every: timedelta = MINUTE, **values: object
) -> list[Row]:
    defaults: Row = {"device_id": "d", "account_id": "a{i}", "succeeded": True}
    return many(n, at(clock, days), every, **(defaults | values))


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("platform/account_farm_device", "logins", *groups)


def test_fires_at_ten_accounts_on_one_device() -> None:
    assert score(logins(10)) == {"d": (10.0, "flagged")}


def test_fires_when_the_accounts_are_of_several_products() -> None:
    assert score(logins(5), logins(5, product="web", account_id="b{i}")) == {"d": (10.0, "flagged")}


def test_nearly_fires_at_eight() -> None:
    assert score(logins(8)) == {"d": (8.0, "near")}


def test_stays_quiet_on_a_family() -> None:
    assert score(logins(5), logins(5)) == {"d": (5.0, "bulk")}


def test_stays_quiet_on_sign_ins_that_failed() -> None:
    assert score(logins(90, succeeded=False)) == {}


def test_a_sign_in_leaves_the_window_after_exactly_a_day() -> None:
    crowd = logins(9, "20:00", every=0 * MINUTE)
    first = logins(1, "20:00", -1, account_id="first")
    assert score(first, crowd) == {"d": (9.0, "near")}
    assert score(logins(1, "20:00:01", -1, account_id="first"), crowd) == {"d": (10.0, "flagged")}
