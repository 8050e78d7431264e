from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "a15833bbc3cb0921"}
MINUTE = timedelta(minutes=1)


def tries(
    n: int, clock: str = "10:00", days: int = 0, every: timedelta = MINUTE, **values: object
) -> list[Row]:
    declined: Row = {"amount_usd": 1.0, "succeeded": False, "decline": "do_not_honor"}
    defaults: Row = declined | {"device_id": "d", "account_id": "a{i}", "payment_hash": "c{i}"}
    return many(n, at(clock, days), every, **(defaults | values))


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("accounts/card_testing", "payments", *groups)


def test_fires_when_five_cards_are_declined_on_one_device() -> None:
    assert score(tries(5)) == {"d": (5.0, "flagged")}


def test_fires_on_a_card_a_day() -> None:
    days = [tries(1, "10:30", -day, payment_hash=f"day{day}") for day in range(5)]
    assert score(*days) == {"d": (5.0, "flagged")}


def test_nearly_fires_at_three() -> None:
    assert score(tries(3)) == {"d": (3.0, "near")}


def test_stays_quiet_on_one_card_tried_again_and_again() -> None:
    assert score(tries(30, payment_hash="c")) == {"d": (1.0, "bulk")}


def test_stays_quiet_on_cards_that_pay() -> None:
    assert score(tries(30, succeeded=True, decline=None)) == {}


def test_stays_quiet_on_transfers_and_chargebacks() -> None:
    assert score(tries(30, kind="transfer"), tries(30, kind="chargeback")) == {}


def test_instruments_that_are_not_known_tell_nothing() -> None:
    assert score(tries(30, payment_hash=None)) == {"d": (None, "null")}


def test_a_decline_leaves_the_window_after_exactly_seven_days() -> None:
    now = tries(4, "10:30", every=0 * MINUTE)
    assert score(tries(1, "10:30", -7, payment_hash="old"), now) == {"d": (4.0, "near")}
    assert score(tries(1, "10:30:01", -7, payment_hash="old"), now) == {"d": (5.0, "flagged")}
