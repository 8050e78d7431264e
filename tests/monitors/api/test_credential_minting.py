from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "a64b9c2b95d712be"}


def calls(n: int, operation: str = "CreateAccessKey", clock: str = "10:00") -> list[Row]:
    return many(n, at(clock), timedelta(seconds=1), key_id="k", operation=operation)


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("api/credential_minting", "api_requests", *groups)


def test_fires_at_five_calls_that_make_or_widen_credentials() -> None:
    rows = calls(2, "CreateUser"), calls(2, "CreateLoginProfile"), calls(1, "AttachUserPolicy")
    assert score(*rows) == {"k": (5.0, "flagged")}


def test_nearly_fires_on_what_one_new_colleague_takes() -> None:
    names = ("CreateUser", "CreateLoginProfile", "CreateAccessKey", "AddUserToGroup")
    assert score(*(calls(1, name) for name in names)) == {"k": (4.0, "near")}


def test_stays_quiet_on_roles_and_on_names_in_other_letters() -> None:
    assert score(calls(50, "CreateRole"), calls(50, "createuser")) == {"k": (0.0, "bulk")}


def test_the_next_hour_begins_on_the_hour() -> None:
    assert score(calls(4, clock="10:59:56"), calls(9, clock="11:00")) == {"k": (4.0, "near")}
