from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "7619aef30438ecd5"}


def sent(n: int, days: int = 0, clock: str = "10:00", **values: object) -> list[Row]:
    defaults: Row = {"account_id": "a{i}", "text_hash": "t", "score_jailbreak": 0.9}
    return many(n, at(clock, days), timedelta(seconds=1), **(defaults | values))


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("chat/jailbreak_template_spread", "prompts", *groups)


def test_fires_when_a_text_has_reached_three_communities() -> None:
    assert score(sent(1, -20), sent(1, -9, account_id="b"), sent(1, account_id="c")) == {
        "t": (3.0, "flagged")
    }


def test_nearly_fires_at_two_communities() -> None:
    assert score(sent(2, -5), sent(1)) == {"t": (2.0, "near")}


def test_stays_quiet_on_one_community_that_repeats_itself() -> None:
    assert score(sent(90, account_id="a")) == {"t": (1.0, "bulk")}


def test_stays_quiet_on_a_day_on_which_nobody_sends_it() -> None:
    assert score(sent(9, -1)) == {}


def test_stays_quiet_on_texts_that_a_classifier_finds_harmless() -> None:
    assert score(sent(9, score_jailbreak=0.4, characters=900)) == {}


def test_counts_long_texts_that_nobody_scored_and_no_short_ones() -> None:
    assert score(sent(3, score_jailbreak=None, characters=200)) == {"t": (3.0, "flagged")}
    assert score(sent(9, score_jailbreak=None, characters=199)) == {}


def test_looks_back_28_days_from_the_end_of_the_day() -> None:
    assert score(sent(2), sent(1, -27, "00:00", account_id="old")) == {"t": (3.0, "flagged")}
    assert score(sent(2), sent(1, -28, "23:59", account_id="old")) == {"t": (2.0, "near")}
