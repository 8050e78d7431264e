from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "8872c642b7983398"}
MINUTE = timedelta(minutes=1)


def logins(
    n: int,
    account: str | None = "a{i}",
    clock: str = "10:00",
    every: timedelta = MINUTE,
    **values: object,
) -> list[Row]:
    defaults: Row = {"ip": "192.0.2.7", "account_id": account, "succeeded": False}
    return many(n, at(clock), every, **(defaults | values))


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("accounts/credential_stuffing", "logins", *groups)


def test_fires_at_fifteen_accounts_that_an_address_fails_to_enter() -> None:
    assert score(logins(15)) == {"192.0.2.7": (15.0, "flagged")}


def test_nearly_fires_at_fourteen() -> None:
    assert score(logins(14)) == {"192.0.2.7": (14.0, "near")}


def test_stays_quiet_on_one_account_tried_often() -> None:
    assert score(logins(50, "a")) == {"192.0.2.7": (1.0, "bulk")}


def test_stays_quiet_on_an_office_that_signs_in() -> None:
    assert score(logins(50, succeeded=True)) == {}


def test_stays_quiet_on_roles_that_automation_fails_to_take() -> None:
    assert score(logins(50, method="assume_role")) == {}


def test_attempts_on_accounts_that_do_not_exist_tell_nothing() -> None:
    assert score(logins(50, None)) == {"192.0.2.7": (None, "null")}


def test_an_attempt_leaves_the_window_after_exactly_an_hour() -> None:
    crowd = logins(14, clock="10:30", every=0 * MINUTE)
    assert score(logins(1, "first", "09:30"), crowd) == {"192.0.2.7": (14.0, "near")}
    assert score(logins(1, "first", "09:30:01"), crowd) == {"192.0.2.7": (15.0, "flagged")}
