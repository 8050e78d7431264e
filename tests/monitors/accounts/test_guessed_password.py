from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "c049a4acd6a20b87", 2: "e255d23a3942fc18"}


def logins(n: int, clock: str, *, succeeded: bool, **values: object) -> list[Row]:
    defaults: Row = {"ip": "192.0.2.7", "account_id": "a", "succeeded": succeeded}
    return many(n, at(clock), timedelta(seconds=1), **(defaults | values))


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("accounts/guessed_password", "logins", *groups)


def test_fires_when_ten_failures_end_in_a_success() -> None:
    rows = logins(10, "10:00", succeeded=False), logins(1, "10:20", succeeded=True)
    assert score(*rows) == {"a": (10.0, "flagged")}


def test_fires_when_each_failure_came_from_another_address() -> None:
    failures = logins(10, "10:00", succeeded=False, ip="198.51.100.{i}")
    assert score(failures, logins(1, "10:20", succeeded=True)) == {"a": (10.0, "flagged")}


def test_nearly_fires_at_nine_failures() -> None:
    rows = logins(9, "10:00", succeeded=False), logins(1, "10:20", succeeded=True)
    assert score(*rows) == {"a": (9.0, "near")}


def test_stays_quiet_on_an_owner_who_remembers_at_last_on_a_device_of_theirs() -> None:
    rows = logins(20, "10:00", succeeded=False), logins(1, "10:20", succeeded=True)
    assert score(*([row | {"new_device": False} for row in group] for group in rows)) == {}


def test_failures_of_the_owner_are_not_those_of_the_device_that_got_in() -> None:
    typing = logins(20, "10:00", succeeded=False, new_device=False)
    entered = logins(1, "10:20", succeeded=True, new_device=True)
    assert score(typing, entered) == {"a": (0.0, "bulk")}


def test_stays_quiet_when_nobody_got_in() -> None:
    assert score(logins(90, "10:00", succeeded=False)) == {}


def test_stays_quiet_on_failures_after_the_success() -> None:
    rows = logins(1, "10:00", succeeded=True), logins(90, "10:20", succeeded=False)
    assert score(*rows) == {"a": (0.0, "bulk")}


def test_stays_quiet_on_automation_that_retries_to_take_a_role() -> None:
    rows = logins(9, "10:00", succeeded=False), logins(1, "10:20", succeeded=True)
    assert score(*([row | {"method": "assume_role"} for row in group] for group in rows)) == {}


def test_a_failure_exactly_an_hour_before_the_success_is_outside() -> None:
    success = logins(1, "10:30", succeeded=True)
    nine = logins(9, "10:00", succeeded=False)
    assert score(logins(1, "09:30", succeeded=False), nine, success) == {"a": (9.0, "near")}
    assert score(logins(1, "09:30:01", succeeded=False), nine, success) == {"a": (10.0, "flagged")}
