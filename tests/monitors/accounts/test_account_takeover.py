from datetime import timedelta

import polars as pl

from monitors.evaluate import Span
from monitors.registry import registry
from monitors.trial import trial
from tests.monitors.rows import Row, at, many, table

DIGESTS = {1: "571d75b75e2b2b08"}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15"
LAPTOP = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"


def owner(n: int = 5, **values: object) -> list[Row]:
    usual: Row = {"asn": 1, "country": "PT", "new_device": False, "user_agent": PHONE}
    defaults: Row = usual | {"account_id": "a", "device_id": "phone", "succeeded": True}
    return many(n, at("10:00", -6), DAY, **(defaults | values))


def thief(clock: str = "10:01", **values: object) -> list[Row]:
    where: Row = {"asn": 2, "country": "NZ", "new_device": True, "user_agent": LAPTOP}
    defaults: Row = where | {"account_id": "a", "device_id": "x", "succeeded": True}
    return [defaults | {"occurred_at": at(clock)} | values]


def change(name: str, clock: str = "10:05", **values: object) -> list[Row]:
    return [
        {"account_id": "a", "device_id": "x", "change": name, "occurred_at": at(clock)} | values
    ]


def findings(
    logins: list[Row], changes: list[Row], payments: list[Row] | None = None, hour: str = "10:00"
) -> pl.DataFrame:
    events = {
        "logins": table("accounts", "logins", logins),
        "account_changes": table("accounts", "account_changes", changes),
        "payments": table("accounts", "payments", payments or []),
    }
    span = Span(at(hour), at(hour) + HOUR)
    return trial(registry().get("accounts/account_takeover"), events, span).samples


def score(
    logins: list[Row], changes: list[Row], payments: list[Row] | None = None, hour: str = "10:00"
) -> dict[str, tuple[float, str]]:
    found = findings(logins, changes, payments, hour)
    return {e: (round(s, 3), of) for e, s, of in found["entity", "score", "stratum"].rows()}


def test_fires_when_a_new_device_abroad_makes_a_key() -> None:
    assert score(owner() + thief(), change("key_created")) == {"a": (0.7, "flagged")}


def test_fires_when_a_device_new_to_three_accounts_takes_something_from_home() -> None:
    others = [*thief("09:00", account_id="b"), *thief("09:10", account_id="c")]
    entered = owner() + others + thief(asn=1, country="PT", user_agent=PHONE)
    assert score(entered, change("payout")) == {"a": (0.7, "flagged")}


def test_fires_on_a_transfer_from_a_new_device() -> None:
    paid: Row = {"account_id": "a", "device_id": "x", "occurred_at": at("10:20")}
    transfer = [paid | {"amount_usd": 50.0, "succeeded": False, "kind": "transfer"}]
    assert score(owner() + thief(), [], transfer) == {"a": (0.7, "flagged")}
    assert score(owner() + thief(), [], [transfer[0] | {"kind": "charge"}]) == {}


def test_nearly_fires_on_a_new_phone_number_and_password_from_abroad() -> None:
    changes = change("phone") + change("password", "10:06")
    assert score(owner() + thief(), changes) == {"a": (0.45, "near")}


def test_stays_quiet_on_a_traveller_who_resets_the_password() -> None:
    assert score(owner() + thief(), change("password")) == {"a": (0.25, "bulk")}


def test_stays_quiet_on_changes_from_a_device_that_the_account_knows() -> None:
    assert score(owner() + thief(new_device=False), change("key_created")) == {}
    assert score(owner() + thief(), change("key_created", device_id="phone")) == {}


def test_an_account_without_history_has_nothing_new() -> None:
    assert score(thief(mfa=True), change("phone")) == {"a": (0.2, "bulk")}


def test_failures_and_a_missing_second_factor_add_a_little() -> None:
    failed = thief("09:50", succeeded=False) + thief("09:51", succeeded=False)
    found = score(owner() + failed + thief(mfa=False), change("password"))
    assert found == {"a": (0.35, "bulk")}


def test_a_change_a_day_after_the_sign_in_is_of_the_visit_and_a_later_one_is_not() -> None:
    yesterday = thief(occurred_at=at("10:30", -1))
    assert score(owner() + yesterday, change("email", "10:30")) == {"a": (0.7, "flagged")}
    assert score(owner() + yesterday, change("email", "10:30:01")) == {}


def test_a_later_hour_counts_what_was_done_before() -> None:
    changes = change("email", "10:05") + change("payout", "11:05") + change("export", "11:06")
    first = score(owner() + thief(), changes)
    assert first == {"a": (0.7, "flagged")}
    assert score(owner() + thief(), changes, hour="11:00") == {"a": (1.1, "flagged")}
