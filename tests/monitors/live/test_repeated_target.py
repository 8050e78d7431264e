from datetime import timedelta

from tests.monitors.rows import Row, at, many, scored

DIGESTS = {1: "fcafa45268128a82"}
MINUTE = timedelta(minutes=1)


def session(name: str, clock: str = "10:00", days: int = 0, **values: object) -> list[Row]:
    hostile: Row = {"account_id": "a", "peer_id": "p", "score_harassment": 0.25}
    rows = many(3, at(clock, days), MINUTE, **(hostile | values))
    return [row | {"session_id": name} for row in rows]


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("live/repeated_target", "live_sessions", *groups)


def test_fires_at_two_hostile_sessions_with_one_peer_in_a_week() -> None:
    assert score(session("one", days=-6), session("two")) == {"a": (2.0, "flagged")}


def test_fires_for_the_peer_with_the_most() -> None:
    others = [row for i in range(3) for row in session(f"other-{i}", peer_id=f"q{i}")]
    assert score(others, session("one"), session("two", "11:00")) == {"a": (2.0, "flagged")}


def test_nearly_fires_at_one() -> None:
    calm = session("two", "11:00", score_harassment=0.19)
    assert score(session("one"), calm) == {"a": (1.0, "near")}


def test_stays_quiet_on_hostility_to_a_different_peer_each_time() -> None:
    sessions = [row for i in range(5) for row in session(f"s{i}", peer_id=f"p{i}")]
    assert score(sessions) == {"a": (1.0, "near")}


def test_stays_quiet_on_a_session_of_two_minutes() -> None:
    short = [row for i in range(3) for row in session(f"s{i}", f"1{i}:00")[:2]]
    assert score(short) == {"a": (None, "null")}


def test_stays_quiet_on_accounts_without_a_session_that_day() -> None:
    assert score(session("one", days=-2), session("two", days=-1)) == {}


def test_a_session_leaves_the_week_at_midnight() -> None:
    assert score(session("old", "23:50", -7), session("new")) == {"a": (1.0, "near")}
    assert score(session("old", "00:00", -6), session("new")) == {"a": (2.0, "flagged")}


def test_a_broadcast_has_no_peer_to_hound() -> None:
    broadcasts = [row for i in range(3) for row in session(f"s{i}", peer_id=None)]
    assert score(broadcasts) == {"a": (None, "null")}
