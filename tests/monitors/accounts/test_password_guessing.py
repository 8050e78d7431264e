from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "f7f4d19366b8bacf", 2: "4edd8016545de88f"}
SECOND = timedelta(seconds=1)


def logins(n: int, clock: str = "10:00", every: timedelta = SECOND, **values: object) -> list[Row]:
    defaults: Row = {"ip": "192.0.2.7", "account_id": "a", "succeeded": False}
    return many(n, at(clock), every, **(defaults | values))


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("accounts/password_guessing", "logins", *groups)


def test_fires_at_ten_failures_within_an_hour() -> None:
    assert score(logins(10)) == {"192.0.2.7": (10.0, "flagged")}


def test_fires_on_failures_for_accounts_that_do_not_exist() -> None:
    assert score(logins(10, account_id=None)) == {"192.0.2.7": (10.0, "flagged")}


def test_nearly_fires_at_eight() -> None:
    assert score(logins(8)) == {"192.0.2.7": (8.0, "near")}


def test_stays_quiet_on_somebody_who_forgot_a_password() -> None:
    assert score(logins(4), logins(1, succeeded=True)) == {"192.0.2.7": (4.0, "bulk")}


def test_stays_quiet_on_devices_that_their_accounts_know() -> None:
    assert score(logins(50, account_id="a{i}", new_device=False)) == {}


def test_fires_on_devices_new_to_the_account_and_those_not_logged() -> None:
    rows = logins(5, new_device=True), logins(5, "10:01", new_device=None)
    assert score(*rows) == {"192.0.2.7": (10.0, "flagged")}


def test_stays_quiet_on_automation_that_retries_to_take_a_role() -> None:
    assert score(logins(50, method="assume_role")) == {}


def test_a_failure_leaves_the_window_after_exactly_an_hour() -> None:
    crowd = logins(9, clock="10:30", every=0 * SECOND)
    assert score(logins(1, clock="09:30"), crowd) == {"192.0.2.7": (9.0, "near")}
    assert score(logins(1, clock="09:30:01"), crowd) == {"192.0.2.7": (10.0, "flagged")}
