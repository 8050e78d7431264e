from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "2d4e441acdb1b7c0"}


def sent(n: int, clock: str = "10:00", **values: object) -> list[Row]:
    defaults: Row = {"account_id": "a", "score_sexual_minors": 0.01}
    return many(n, at(clock), timedelta(seconds=1), **(defaults | values))


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("chat/minor_sexual_content", "prompts", *groups)


def test_fires_at_the_first_prompt_among_many() -> None:
    assert score(sent(90), sent(1, "10:30", score_sexual_minors=0.97)) == {"a": (0.97, "flagged")}


def test_nearly_fires_under_the_cut() -> None:
    assert score(sent(9), sent(1, "10:30", score_sexual_minors=0.96)) == {"a": (0.96, "near")}


def test_stays_quiet_on_many_doubtful_prompts() -> None:
    assert score(sent(90, score_sexual_minors=0.6)) == {"a": (0.6, "bulk")}


def test_prompts_without_a_score_do_not_tell() -> None:
    assert score(sent(9, score_sexual_minors=None)) == {"a": (None, "null")}


def test_an_hour_begins_at_its_first_moment_and_ends_before_the_next() -> None:
    edges = sent(1, "09:59:59", score_sexual_minors=0.99), sent(1, "11:00", score_sexual_minors=1.0)
    assert score(*edges) == {}
    assert score(sent(1, "10:00", score_sexual_minors=0.99)) == {"a": (0.99, "flagged")}
