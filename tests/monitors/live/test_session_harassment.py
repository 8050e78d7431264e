from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "deb9eeb53d2bc90f"}
MINUTE = timedelta(minutes=1)


def minutes(n: int, clock: str = "10:00", every: timedelta = MINUTE, **values: object) -> list[Row]:
    abusive: Row = {"session_id": "s", "account_id": "a", "score_harassment": 0.7}
    return many(n, at(clock), every, **(abusive | values))


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("live/session_harassment", "live_sessions", *groups)


def test_fires_at_four_abusive_minutes() -> None:
    calm = minutes(5, "10:04", score_harassment=0.1)
    assert score(minutes(4), calm) == {"s": (4.0, "flagged")}


def test_fires_on_what_viewers_report_where_nothing_was_scored() -> None:
    reported = minutes(4, score_harassment=None, reports=2, viewers=20)
    assert score(reported) == {"s": (4.0, "flagged")}


def test_nearly_fires_at_three() -> None:
    assert score(minutes(3)) == {"s": (3.0, "near")}


def test_stays_quiet_under_the_score_that_counts() -> None:
    assert score(minutes(30, score_harassment=0.69)) == {}


def test_stays_quiet_on_a_few_reports_among_thousands() -> None:
    assert score(minutes(60, score_harassment=0.1, reports=9, viewers=3000)) == {}


def test_stays_quiet_on_one_report_in_a_small_room() -> None:
    assert score(minutes(60, score_harassment=0.1, reports=1, viewers=5)) == {}
    assert score(minutes(60, score_harassment=0.1, reports=2, viewers=4)) == {}


def test_a_minute_leaves_the_window_after_exactly_fifteen() -> None:
    assert score(minutes(1, "09:50"), minutes(3, "10:05", 0 * MINUTE)) == {"s": (3.0, "near")}
    later = minutes(1, "09:50:01")
    assert score(later, minutes(3, "10:05", 0 * MINUTE)) == {"s": (4.0, "flagged")}
