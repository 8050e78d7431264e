from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "6a66eb607af58b08", 2: "9a388bd0ba0eaa9c"}


def sent(n: int, days: int = 0, clock: str = "10:00", **values: object) -> list[Row]:
    defaults: Row = {"account_id": "a", "score_jailbreak": 0.9}
    return many(n, at(clock, days), timedelta(seconds=1), **(defaults | values))


def history(n: int, days: int) -> list[Row]:
    return [row for day in range(-days, 0) for row in sent(n, day)]


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("chat/jailbreak_burst", "prompts", *groups)


def test_fires_at_seven_attempts_over_a_steady_habit() -> None:
    assert score(history(2, 5), sent(9)) == {"a": (7.0, "flagged")}


def test_nearly_fires_at_four_over_it() -> None:
    assert score(history(2, 5), sent(6)) == {"a": (4.0, "near")}


def test_stays_quiet_on_who_always_sends_many() -> None:
    assert score(history(40, 5), sent(41)) == {"a": (1.0, "bulk")}


def test_stays_quiet_on_harmless_prompts() -> None:
    assert score(history(2, 5), sent(90, score_jailbreak=0.1)) == {}


def test_four_days_of_history_are_not_enough_to_tell() -> None:
    assert score(history(2, 4), sent(90)) == {"a": (None, "null")}


def test_a_day_begins_at_midnight_and_ends_before_the_next() -> None:
    before = [*history(2, 5), *sent(90, -1, "23:50")]
    edges = sent(1, 0, "00:00"), sent(90, 1, "00:00")
    assert score(before, *edges) == {"a": (-1.0, "bulk")}
