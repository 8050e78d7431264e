from datetime import timedelta

import pytest

from monitors.evaluate import Span
from monitors.registry import registry
from monitors.trial import trial
from orchestration.duck import score as run
from tests.monitors.rows import DAY, Row, at, table

PHONE: Row = {"phone_hash": "p"}
DIGESTS = {1: "21f51ed64e03b39d"}


def ban(values: Row, clock: str = "10:00", days: int = -1) -> list[Row]:
    return [{"account_id": "old", "occurred_at": at(clock, days)} | values]


def signup(values: Row, clock: str = "10:00", days: int = 0) -> list[Row]:
    return [{"account_id": "new", "occurred_at": at(clock, days)} | values]


def payment(account: str, days: int = 0, **values: object) -> list[Row]:
    paid: Row = {"amount_usd": 5.0, "succeeded": True, "payment_hash": "card"}
    return [{"account_id": account, "occurred_at": at("12:00", days)} | paid | values]


def score(
    bans: list[Row], signups: list[Row], payments: list[Row] | None = None
) -> dict[str, tuple[float | None, str]]:
    events = {
        "bans": table("accounts", "bans", bans),
        "signups": table("accounts", "signups", signups),
        "payments": table("accounts", "payments", payments or []),
    }
    monitor = registry().get("accounts/ban_evasion")
    found = trial(monitor, events, Span(DAY, DAY + timedelta(days=1)), runner=run).samples
    return {e: (s, of) for e, s, of in found["entity", "score", "stratum"].rows()}


@pytest.mark.parametrize("shared", ["payment_hash", "phone_hash", "email_hash", "device_id"])
def test_fires_on_one_thing_shared_with_a_banned_account(shared: str) -> None:
    found = score(ban({shared: "x"}), signup({shared: "x"}))
    assert found == {"new": (1.0, "flagged")}


def test_fires_higher_the_more_is_shared() -> None:
    both: Row = {"phone_hash": "p", "device_id": "d"}
    assert score(ban(both), signup(both)) == {"new": (2.0, "flagged")}


def test_fires_on_a_payment_after_the_sign_up_with_what_the_banned_account_paid_with() -> None:
    payments = payment("old", -2) + payment("new")
    assert score(ban({}), signup({}, "11:00", -1), payments) == {"new": (1.0, "flagged")}


def test_nearly_the_same_is_not_the_same() -> None:
    assert score(ban(PHONE), signup({"phone_hash": "q"})) == {"new": (0.0, "bulk")}


def test_stays_quiet_on_an_account_that_was_there_before_the_ban() -> None:
    found = score(ban(PHONE, "11:00", 0), signup(PHONE, "10:00", 0))
    assert found == {"new": (0.0, "bulk")}


def test_stays_quiet_on_a_device_that_more_than_five_accounts_use() -> None:
    tablet: Row = {"device_id": "d"}
    others = [signup(tablet | {"account_id": f"pupil{i}"})[0] for i in range(5)]
    found = score(ban(tablet), signup(tablet) + others)
    assert found["new"] == (0.0, "bulk")
    fewer = score(ban(tablet), signup(tablet) + others[1:])
    assert fewer["new"] == (1.0, "flagged")


def test_stays_quiet_on_the_banned_account_itself() -> None:
    found = score(ban(PHONE), signup(PHONE | {"account_id": "old"}))
    assert found == {"old": (0.0, "bulk")}


def test_an_account_that_gave_nothing_has_no_row() -> None:
    assert score(ban(PHONE), signup({})) == {}


def test_a_ban_counts_for_fourteen_days_before_the_day() -> None:
    assert score(ban(PHONE, "00:00", -14), signup(PHONE)) == {"new": (1.0, "flagged")}
    assert score(ban(PHONE, "23:59:59", -15), signup(PHONE)) == {"new": (0.0, "bulk")}
