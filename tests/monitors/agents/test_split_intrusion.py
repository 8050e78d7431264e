import json
from datetime import timedelta

from monitors.evaluate import Span
from monitors.registry import registry
from monitors.trial import trial
from tests.monitors.rows import Row, at, many, scored, table

DIGESTS = {1: "74517e9d150fe9f5"}


def commands(
    n: int, clock: str = "10:05", days: int = 0, prefix: str = "a", **values: object
) -> list[Row]:
    run: Row = {
        "account_id": prefix + "{i}",
        "session_id": prefix + "{i}",
        "action": "execute",
        "target": "one.example",
        "target_is_external": True,
    }
    return many(n, at(clock, days), timedelta(seconds=1), **(run | values))


def score(*groups: list[Row]) -> dict[str, tuple[float | None, str]]:
    return scored("agents/split_intrusion", "tool_calls", *groups)


def test_fires_at_five_accounts_in_three_days() -> None:
    earlier = commands(3, "12:00", -2, "b")
    assert score(earlier, commands(2)) == {"one.example": (5.0, "flagged")}


def test_fires_naming_the_accounts_in_order() -> None:
    rows = [*commands(5), *commands(5, "10:30")]
    events = {"tool_calls": table("agents", "tool_calls", rows)}
    span = Span(at("10:00"), at("11:00"))
    found = trial(registry().get("agents/split_intrusion"), events, span).findings
    evidence = json.loads(found["evidence"][0])
    assert evidence["members"] == ["a0", "a1", "a2", "a3", "a4"]
    assert evidence["commands"] == 10


def test_nearly_fires_at_four() -> None:
    assert score(commands(4)) == {"one.example": (4.0, "near")}


def test_stays_quiet_on_one_busy_account() -> None:
    busy = commands(500, account_id="a")
    assert score(busy) == {"one.example": (1.0, "bulk")}


def test_stays_quiet_on_accounts_with_a_target_each() -> None:
    assert score(commands(3, target="{i}.example")) == {
        "0.example": (1.0, "bulk"),
        "1.example": (1.0, "bulk"),
        "2.example": (1.0, "bulk"),
    }


def test_stays_quiet_on_what_people_approved() -> None:
    assert score(commands(50, approved_by_human=True)) == {}


def test_an_account_leaves_the_window_after_three_days() -> None:
    earlier = commands(1, "10:30", -3, "b")
    assert score(earlier, commands(4)) == {"one.example": (4.0, "near")}
