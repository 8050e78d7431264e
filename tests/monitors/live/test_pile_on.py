import json
from datetime import timedelta

from monitors.evaluate import Span
from monitors.registry import registry
from monitors.trial import trial
from orchestration.duck import score as run
from tests.monitors.rows import DAY, Row, at, many, scored, table

DIGESTS = {1: "d21f6e4dfad45343"}
MINUTE = timedelta(minutes=1)


def sessions(n: int, prefix: str = "a", days: int = 0, **values: object) -> list[Row]:
    hostile: Row = {"peer_id": "p", "score_harassment": 0.25}
    return [
        row | {"account_id": f"{prefix}{i}", "session_id": f"{prefix}{i}-{days}"}
        for i in range(n)
        for row in many(3, at("10:00", days), MINUTE, **(hostile | values))
    ]


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("live/pile_on", "live_sessions", *groups)


def test_fires_at_five_accounts_in_a_week() -> None:
    assert score(sessions(3, "a", days=-6), sessions(2, "b")) == {"p": (5.0, "flagged")}


def test_fires_naming_the_accounts_in_order() -> None:
    rows = [*sessions(6), *sessions(2, "calm", score_harassment=0.0)]
    events = {"live_sessions": table("live", "live_sessions", rows)}
    monitor = registry().get("live/pile_on")
    found = trial(monitor, events, Span(DAY, DAY + timedelta(days=1)), runner=run).findings
    evidence = json.loads(found["evidence"][0])
    assert evidence["members"] == ["a0", "a1", "a2", "a3", "a4", "a5"]
    assert evidence["accounts"] == 8


def test_nearly_fires_at_four() -> None:
    assert score(sessions(4)) == {"p": (4.0, "near")}


def test_stays_quiet_on_one_account_that_comes_back() -> None:
    again = [row for day in range(-6, 1) for row in sessions(1, days=day)]
    assert score(again) == {"p": (1.0, "bulk")}


def test_stays_quiet_on_somebody_who_meets_hundreds() -> None:
    assert score(sessions(5), sessions(12, "calm", score_harassment=0.05)) == {"p": (0.0, "bulk")}
    assert score(sessions(6), sessions(14, "calm", score_harassment=0.05)) == {
        "p": (6.0, "flagged")
    }


def test_stays_quiet_when_nobody_was_scored_for_three_minutes() -> None:
    assert score(sessions(9, score_harassment=None)) == {}


def test_a_session_leaves_the_week_at_midnight() -> None:
    assert score(sessions(4), sessions(1, "old", days=-7)) == {"p": (4.0, "near")}
