from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "424d9509718a05d6"}


def sent(n: int, days: int = 0, clock: str = "10:00", **values: object) -> list[Row]:
    defaults: Row = {
        "account_id": "a",
        "recipient_id": f"s{days}-{{i}}",
        "recipient_is_contact": False,
    }
    return many(n, at(clock, days), timedelta(seconds=1), **(defaults | values))


def known(n: int, days: int = 0) -> list[Row]:
    return sent(n, days, "09:00", recipient_id="k{i}", recipient_is_contact=True)


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("chat/mass_messages", "messages", *groups)


def test_fires_at_ten_strangers() -> None:
    assert score(sent(10)) == {"a": (10.0, "flagged")}


def test_fires_on_two_strangers_a_day() -> None:
    assert score(*(sent(2, -day) for day in range(7)), known(2)) == {"a": (12.0, "flagged")}


def test_nearly_fires_at_nine() -> None:
    assert score(sent(9)) == {"a": (9.0, "near")}


def test_stays_quiet_on_a_shop_that_writes_to_as_many_customers() -> None:
    assert score(sent(150), known(160)) == {"a": (-10.0, "bulk")}


def test_stays_quiet_on_one_stranger_written_to_often() -> None:
    assert score(sent(90, recipient_id="s")) == {"a": (1.0, "bulk")}


def test_stays_quiet_on_recipients_of_whom_nothing_is_known() -> None:
    assert score(sent(90, recipient_is_contact=None)) == {}


def test_stays_quiet_on_a_day_without_a_stranger() -> None:
    assert score(sent(90, -1), known(1)) == {}


def test_looks_back_seven_days() -> None:
    assert score(sent(9, -6, "00:00"), sent(1)) == {"a": (10.0, "flagged")}
    assert score(sent(9, -7, "23:59"), sent(1)) == {"a": (1.0, "bulk")}
