from datetime import timedelta

from monitors.evaluate import Span
from monitors.registry import registry
from monitors.trial import trial
from tests.monitors.rows import DAY, Row, at, many, table

DIGESTS = {1: "d43fe98d4a405ba6"}
MINUTE = timedelta(minutes=1)


def signups(n: int, days: int = 0, **values: object) -> list[Row]:
    defaults: Row = {"account_id": "a{i}", "device_id": "d"}
    return many(n, at("08:00", days), MINUTE, **(defaults | values))


def calls(n: int, days: int = 0, **values: object) -> list[Row]:
    refused: Row = {"status": 402, "error": "credit_exhausted"}
    defaults: Row = {"account_id": "a{i}", "operation": "generate"} | refused
    return many(n, at("09:00", days), MINUTE, **(defaults | values))


def score(
    made: list[Row], used: list[Row], paid: list[Row] | None = None
) -> dict[str, tuple[float | None, str]]:
    events = {
        "signups": table("accounts", "signups", made),
        "api_requests": table("api", "api_requests", used),
        "payments": table("accounts", "payments", paid or []),
    }
    monitor = registry().get("platform/free_credit_farm")
    found = trial(monitor, events, Span(DAY, DAY + timedelta(days=1))).samples
    return {e: (s, of) for e, s, of in found["entity", "score", "stratum"].rows()}


def test_fires_when_three_accounts_of_one_device_use_up_their_credit() -> None:
    assert score(signups(3), calls(3)) == {"a0": (3.0, "flagged")}


def test_fires_when_the_credit_is_used_up_days_after_the_sign_up() -> None:
    assert score(signups(3, -10), calls(3)) == {"a0": (3.0, "flagged")}


def test_fires_when_pairs_and_a_card_tie_them() -> None:
    pairs = [*signups(2, payment_hash="c"), *signups(2, device_id="e", payment_hash="c")]
    made = [row | {"account_id": f"a{i}"} for i, row in enumerate(pairs)]
    assert score(made, calls(4)) == {"a0": (4.0, "flagged")}


def test_nearly_fires_at_two() -> None:
    assert score(signups(3), calls(2)) == {"a0": (2.0, "near")}


def test_stays_quiet_on_people_who_try_and_do_not_reach_the_limit() -> None:
    assert score(signups(9), calls(9, status=200, error=None)) == {"a0": (0.0, "bulk")}


def test_stays_quiet_on_accounts_that_pay() -> None:
    payment: Row = {"amount_usd": 5.0, "succeeded": True, "kind": "charge"}
    paid = many(3, at("08:30"), MINUTE, account_id="a{i}", **payment)
    assert score(signups(3), calls(3), paid) == {}
    failed = [row | {"succeeded": False} for row in paid]
    assert score(signups(3), calls(3), failed) == {"a0": (3.0, "flagged")}


def test_stays_quiet_on_strangers_who_use_up_their_credit() -> None:
    assert score(signups(9, device_id="d{i}"), calls(9)) == {}


def test_a_ring_that_never_used_the_api_is_not_enough_to_tell() -> None:
    assert score(signups(9), []) == {"a0": (None, "null")}


def test_a_sign_up_counts_for_fourteen_days_before_the_day() -> None:
    assert score(signups(3, -14), calls(3)) == {"a0": (3.0, "flagged")}
    assert score(signups(3, -15), calls(3)) == {}
