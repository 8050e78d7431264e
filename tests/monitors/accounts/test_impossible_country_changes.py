from datetime import timedelta

from tests.monitors.rows import Row, at, scored

DIGESTS = {1: "95c447030664c29e", 2: "9febd24395bf6a79"}


def logins(
    *countries: str | None, clock: str = "10:00", minutes: int = 5, succeeded: bool = True
) -> list[Row]:
    return [
        {
            "occurred_at": at(clock) + i * timedelta(minutes=minutes),
            "account_id": "a",
            "country": country,
            "succeeded": succeeded,
        }
        for i, country in enumerate(countries)
    ]


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("accounts/impossible_country_changes", "logins", *groups)


def test_fires_at_four_changes_of_country() -> None:
    assert score(logins("PT", "NZ", "PT", "NZ", "PT")) == {"a": (4.0, "flagged")}


def test_nearly_fires_at_three() -> None:
    assert score(logins("PT", "NZ", "PT", "NZ")) == {"a": (3.0, "near")}


def test_stays_quiet_on_one_journey() -> None:
    assert score(logins("PT", "PT", "NZ", "NZ")) == {"a": (1.0, "bulk")}


def test_stays_quiet_on_an_owner_whose_vpn_changes_exits_on_a_device_of_theirs() -> None:
    rows = logins("PT", "NZ", "PT", "NZ", "PT")
    assert score([row | {"new_device": False} for row in rows]) == {}


def test_fires_on_devices_that_are_new_to_the_account() -> None:
    rows = logins("PT", "NZ", "PT", "NZ", "PT")
    assert score([row | {"new_device": True} for row in rows]) == {"a": (4.0, "flagged")}


def test_stays_quiet_on_attempts_that_failed() -> None:
    assert score(logins("PT", "NZ", "PT", "NZ", "PT", succeeded=False)) == {}


def test_sign_ins_without_a_country_are_passed_over() -> None:
    assert score(logins("PT", None, "PT", None)) == {"a": (0.0, "bulk")}


def test_sign_ins_an_hour_apart_are_compared_and_later_ones_are_not() -> None:
    assert score(logins("PT", clock="09:00"), logins("NZ")) == {"a": (1.0, "bulk")}
    assert score(logins("PT", clock="08:59:59"), logins("NZ")) == {"a": (None, "null")}
