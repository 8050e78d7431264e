import json
from datetime import timedelta

from monitors.evaluate import Span
from monitors.registry import registry
from monitors.trial import trial
from tests.monitors.rows import Row, at, many, scored, table

DIGESTS = {1: "71081bb7f1953c60"}
DAY = timedelta(days=1)


def watched(days: int = 14) -> list[Row]:
    return many(
        days, at("10:00", -days), DAY, account_id="z", target="usual", target_is_external=True
    )


def sends(
    n: int, clock: str = "10:05", days: int = 0, prefix: str = "a", **values: object
) -> list[Row]:
    leak: Row = {
        "account_id": prefix + "{i}",
        "session_id": prefix + "{i}",
        "action": "send",
        "target": "new",
        "target_is_external": True,
        "source_is_untrusted": True,
        "bytes_out": 100,
    }
    return many(n, at(clock, days), timedelta(seconds=1), **(leak | values))


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("agents/exfiltration_target", "tool_calls", *groups)


def test_fires_at_three_accounts_in_three_days() -> None:
    earlier = sends(1, "12:00", -2, "b")
    assert score(watched(), earlier, sends(2)) == {"new": (3.0, "flagged")}


def test_fires_naming_the_accounts_in_order() -> None:
    rows = [*watched(), *sends(3), *sends(2)]
    events = {"tool_calls": table("agents", "tool_calls", rows)}
    span = Span(at("10:00"), at("11:00"))
    found = trial(registry().get("agents/exfiltration_target"), events, span).findings
    evidence = json.loads(found["evidence"][0])
    assert evidence["members"] == ["a0", "a1", "a2"]
    assert (evidence["calls"], evidence["bytes_sent"]) == (5, 500)


def test_nearly_fires_at_two() -> None:
    assert score(watched(), sends(2), sends(2, "10:30")) == {"new": (2.0, "near")}


def test_stays_quiet_on_a_target_that_was_known_a_week_ago() -> None:
    known = sends(1, days=-8, action="browse")
    assert score(watched(), known, sends(9)) == {}


def test_stays_quiet_on_what_people_approved() -> None:
    assert score(watched(), sends(9, approved_by_human=True)) == {}


def test_stays_quiet_on_pages_that_are_only_opened() -> None:
    assert score(watched(), sends(9, action="browse")) == {}


def test_stays_quiet_without_untrusted_content() -> None:
    assert score(watched(), sends(9, source_is_untrusted=None)) == {}


def test_an_account_leaves_the_window_after_three_days() -> None:
    earlier = sends(1, "10:30", -3, "b")
    assert score(watched(), earlier, sends(2)) == {"new": (2.0, "near")}


def test_before_ten_days_of_watching_it_is_not_enough_to_tell() -> None:
    assert score(watched(9), sends(9)) == {"new": (None, "null")}
