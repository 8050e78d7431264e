from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "95b9fb0d000d1b06"}


def sent(n: int, days: int = 0, clock: str = "10:00", **values: object) -> list[Row]:
    defaults: Row = {"account_id": "a", "score_self_harm": 0.7}
    return many(n, at(clock, days), timedelta(seconds=1), **(defaults | values))


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("chat/self_harm_concern", "prompts", *groups)


def test_fires_on_the_third_day_of_a_week() -> None:
    assert score(sent(1, -5), sent(1, -2), sent(1)) == {"a": (3.0, "flagged")}


def test_nearly_fires_on_the_second() -> None:
    assert score(sent(1, -2), sent(1)) == {"a": (2.0, "near")}


def test_stays_quiet_on_many_prompts_of_one_day() -> None:
    assert score(sent(90)) == {"a": (1.0, "bulk")}


def test_stays_quiet_on_lower_scores() -> None:
    assert score(*(sent(9, -day, score_self_harm=0.69) for day in range(7))) == {"a": (0.0, "bulk")}


def test_a_day_without_a_score_does_not_tell() -> None:
    assert score(sent(1, -5), sent(1, -2), sent(1, score_self_harm=None)) == {"a": (None, "null")}


def test_looks_back_seven_days() -> None:
    assert score(sent(1, -6, "00:00"), sent(1, -2), sent(1)) == {"a": (3.0, "flagged")}
    assert score(sent(1, -7, "23:59"), sent(1, -2), sent(1)) == {"a": (2.0, "near")}
