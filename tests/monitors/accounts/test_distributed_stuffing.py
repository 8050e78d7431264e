from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "4a28320df7894779"}
MINUTE = timedelta(minutes=1)


def logins(
    n: int, clock: str = "10:00", days: int = 0, every: timedelta = MINUTE, **values: object
) -> list[Row]:
    tried: Row = {"account_id": "a{i}", "succeeded": False, "failure": "bad_password"}
    defaults: Row = tried | {"device_id": "d", "ip": "192.0.2.{i}"}
    return many(n, at(clock, days), every, **(defaults | values))


def unknown(n: int, clock: str = "10:00", days: int = 0) -> list[Row]:
    return logins(n, clock, days, account_id=None, failure="unknown_account")


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("accounts/distributed_stuffing", "logins", *groups)


def test_fires_when_a_device_fails_to_enter_eight_accounts_from_eight_addresses() -> None:
    assert score(logins(8)) == {"d": (8.0, "flagged")}


def test_fires_on_accounts_that_do_not_exist_spread_over_days() -> None:
    tried = unknown(3, "11:00", -2), unknown(3, "12:00", -1), unknown(2)
    assert score(*tried) == {"d": (8.0, "flagged")}


def test_nearly_fires_at_five() -> None:
    assert score(logins(3), unknown(2)) == {"d": (5.0, "near")}


def test_stays_quiet_on_an_owner_who_mistypes_all_day() -> None:
    assert score(logins(50, account_id="a")) == {"d": (1.0, "bulk")}


def test_stays_quiet_on_a_device_that_gets_in() -> None:
    assert score(logins(50, succeeded=True, failure=None)) == {}


def test_stays_quiet_on_failures_without_a_fingerprint() -> None:
    assert score(logins(50, device_id=None)) == {}


def test_stays_quiet_on_roles_that_automation_fails_to_take() -> None:
    assert score(logins(50, method="assume_role")) == {}


def test_an_attempt_leaves_the_window_after_exactly_three_days() -> None:
    crowd = logins(7, "10:30", every=0 * MINUTE)
    assert score(unknown(1, "10:30", -3), crowd) == {"d": (7.0, "near")}
    assert score(unknown(1, "10:30:01", -3), crowd) == {"d": (8.0, "flagged")}
