from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "e000213f76da43b5"}
SCRIPT = "Dear {}, our office picked your page: earn 90 coins a day from home, answer soon."
NAMES = ("Ada", "Ben", "Cho", "Dee")


def sent(accounts: int, each: int, days: int = 0, **values: object) -> list[Row]:
    defaults: Row = {"recipient_is_contact": False}
    return [
        row
        for account in range(accounts)
        for number in range(each)
        for row in many(
            1,
            at("10:00", days),
            timedelta(0),
            account_id=f"a{account}",
            recipient_id=f"r{account}-{number}",
            **({"text": SCRIPT.format(NAMES[number % len(NAMES)])} | defaults | values),
        )
    ]


def score(*groups: list[Row]) -> list[tuple[float | None, str]]:
    return list(scored("chat/scam_factory", "messages", *groups).values())


def test_fires_at_three_messages_from_each_of_four_accounts() -> None:
    assert score(sent(4, 3)) == [(3.0, "flagged")]


def test_fires_on_few_messages_a_day() -> None:
    assert score(sent(5, 1, -5), sent(5, 1, -2), sent(5, 1)) == [(3.0, "flagged")]


def test_nearly_fires_at_two_messages_each() -> None:
    assert score(sent(9, 2)) == [(2.0, "near")]


def test_stays_quiet_on_a_chain_letter_that_everybody_passes_on_once() -> None:
    assert score(sent(40, 1, text=SCRIPT.format("all"))) == [(1.0, "bulk")]


def test_five_messages_of_an_accounts_day_count() -> None:
    assert score(sent(1, 90), sent(4, 1)[1:]) == [(2.0, "near")]


def test_three_accounts_are_not_enough_to_tell() -> None:
    assert score(sent(3, 9)) == [(None, "null")]


def test_stays_quiet_on_messages_to_people_they_know_or_may_know() -> None:
    assert score(sent(4, 9, recipient_is_contact=True)) == []
    assert score(sent(4, 9, recipient_is_contact=None)) == []


def test_looks_back_seven_days_from_the_end_of_a_day_on_which_it_was_sent() -> None:
    assert score(sent(4, 2, -6), sent(4, 1)) == [(3.0, "flagged")]
    assert score(sent(4, 2, -7), sent(4, 1)) == [(1.0, "bulk")]
    assert score(sent(4, 3, -1)) == []
