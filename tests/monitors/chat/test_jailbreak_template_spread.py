from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "7619aef30438ecd5", 2: "f7dc62b3c32bf3ea"}


def sent(n: int, days: int = 0, clock: str = "10:00", **values: object) -> list[Row]:
    defaults: Row = {"account_id": "a{i}", "text_hash": "t", "score_jailbreak": 0.9}
    return many(n, at(clock, days), timedelta(seconds=1), **(defaults | values))


def collection(n: int, days: int = -5, clock: str = "10:00", **values: object) -> list[Row]:
    """Five further texts that each of `n` accounts sent."""
    whole = (sent(n, days, clock, **({"text_hash": f"c{i}"} | values)) for i in range(5))
    return [row for text in whole for row in text]


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("chat/jailbreak_template_spread", "prompts", *groups)


def test_fires_when_a_text_has_reached_five_accounts_that_share_a_collection() -> None:
    assert score(sent(4, -20), sent(5, -9)[4:], sent(1), collection(5)) == {"t": (5.0, "flagged")}


def test_nearly_fires_at_four() -> None:
    assert score(sent(4), collection(4)) == {"t": (4.0, "near")}


def test_stays_quiet_on_a_famous_text_whose_senders_share_nothing_else() -> None:
    assert score(sent(90), collection(2)) == {"t": (2.0, "bulk")}


def test_stays_quiet_on_senders_who_share_four_others() -> None:
    assert score(sent(9), collection(9)[9:]) == {"t": (0.0, "bulk")}


def test_stays_quiet_on_one_community_that_repeats_itself() -> None:
    assert score(sent(90, account_id="a"), collection(9, account_id="a")) == {"t": (0.0, "bulk")}


def test_stays_quiet_on_a_day_on_which_nobody_sends_it() -> None:
    assert score(sent(9, -1), collection(9)) == {}


def test_stays_quiet_on_texts_that_a_classifier_finds_harmless() -> None:
    assert score(sent(9, score_jailbreak=0.4, characters=900)) == {}


def test_counts_long_texts_that_nobody_scored_and_no_short_ones() -> None:
    unscored = [row | {"score_jailbreak": None} for row in [*sent(5), *collection(5)]]
    assert score([row | {"characters": 200} for row in unscored]) == {"t": (5.0, "flagged")}
    assert score(sent(9, score_jailbreak=None, characters=199)) == {}


def test_looks_back_28_days_from_the_end_of_the_day() -> None:
    assert score(sent(1), sent(5, -27, "00:00"), collection(5)) == {"t": (5.0, "flagged")}
    assert score(sent(1), sent(5, -28, "23:59"), collection(5)) == {"t": (0.0, "bulk")}
