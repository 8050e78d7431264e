from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "fa2d8076b3db565e"}
MINUTE = timedelta(minutes=1)


def sent(n: int, days: int = 0, clock: str = "10:00", **values: object) -> list[Row]:
    defaults: Row = {
        "account_id": "a",
        "text_hash": f"{days}-{clock}-{{i}}",
        "template_hash": "t",
        "score_jailbreak": 0.9,
        "refused": True,
    }
    return many(n, at(clock, days), MINUTE, **(defaults | values))


def answered(days: int = 0, clock: str = "10:20", **values: object) -> list[Row]:
    return sent(1, days, clock, **({"refused": False} | values))


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("chat/jailbreak_campaign", "prompts", *groups)


def test_fires_at_eight_wordings_of_which_one_is_answered() -> None:
    assert score(sent(7), answered()) == {"a": (8.0, "flagged")}


def test_fires_on_wordings_spread_over_the_week() -> None:
    assert score(*(sent(2, -day) for day in range(4)), answered(-1, "10:30")) == {
        "a": (9.0, "flagged")
    }


def test_nearly_fires_at_seven_wordings() -> None:
    assert score(sent(6), answered()) == {"a": (7.0, "near")}


def test_stays_quiet_on_wordings_that_are_never_answered() -> None:
    assert score(sent(30)) == {"a": (0.0, "bulk")}


def test_stays_quiet_on_the_same_text_again_and_again() -> None:
    assert score(sent(30, text_hash="x"), answered(clock="10:40", text_hash="x")) == {
        "a": (1.0, "bulk")
    }


def test_stays_quiet_on_many_templates_tried_once_each() -> None:
    assert score(sent(30, template_hash="{i}"), answered(clock="10:40")) == {"a": (1.0, "bulk")}


def test_stays_quiet_on_harmless_prompts_and_on_those_without_a_score() -> None:
    assert score(sent(9, score_jailbreak=0.4), answered(score_jailbreak=None)) == {}


def test_an_answer_belongs_to_a_refusal_at_most_half_an_hour_before() -> None:
    assert score(sent(8), answered(clock="10:37")) == {"a": (9.0, "flagged")}
    assert score(sent(8), answered(clock="10:38")) == {"a": (0.0, "bulk")}


def test_looks_back_seven_days_from_the_end_of_a_day_on_which_it_tried() -> None:
    assert score(sent(7, -6, "00:00"), answered(-6, "00:20"), sent(1)) == {"a": (9.0, "flagged")}
    assert score(sent(7, -7, "23:40"), answered(-6, "00:00"), sent(1)) == {"a": (2.0, "bulk")}
    assert score(sent(9, -1), answered(-1)) == {}
