from datetime import datetime
from pathlib import Path, PurePosixPath

import polars as pl
import pytest

from monitors.contract import Monitor
from monitors.evaluate import Span
from monitors.registry import Broken
from orchestration.evaluation import Run, evaluate_span
from orchestration.health.history import history, record
from orchestration.lake import Lake
from orchestration.partitions import DAY, HOUR
from orchestration.watch import Outcome, name_of, record_outcomes, top_entities, watch
from tests.support.lakes import Row, at, put, span
from tests.support.monitors import (
    declare,
    failed_logins,
    failed_logins_of_a_day,
    failing,
    in_sql,
    named,
)

NOW = at("2026-03-02T13:00")
NOON = span("2026-03-02T12:00", "2026-03-02T13:00")
MORNING = span("2026-03-02T10:00", "2026-03-02T13:00")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def failures(time: datetime | str, account: str = "a", n: int = 3) -> list[Row]:
    moment = at(f"2026-03-02T{time}") if isinstance(time, str) else time
    return [{"occurred_at": moment, "account_id": account, "succeeded": False}] * n


def watched(
    lake: Lake, monitor: Monitor | Broken, within: Span = NOON, now: datetime = NOW
) -> Outcome:
    run = Run(lake, now)
    past = history(lake, "accounts", until=within.end, days=28)
    outcome = watch(run, monitor, within, past)
    record_outcomes(run, "accounts", [outcome])
    return outcome


def test_an_outcome_tells_of_manifests_canary_and_drift(lake: Lake, tmp_path: Path) -> None:
    put(lake, "accounts", "logins", failures("10:10") + failures("12:10"))
    for monitor in (failed_logins, in_sql(tmp_path)):
        outcome = watched(lake, monitor, MORNING)
        assert [m.flagged for m in outcome.manifests] == [1, 0, 1]
        assert outcome.evaluated == outcome.manifests
        assert outcome.canary
        assert [(d.state, d.hits) for d in outcome.drifts] == [
            ("insufficient data", 1),
            ("insufficient data", 0),
            ("insufficient data", 1),
        ]
        assert (outcome.failed, outcome.errors) == (False, [])


def test_a_monitor_that_cannot_see_its_canary_is_dead(lake: Lake) -> None:
    blind = named(failed_logins, "blind", threshold=4.0)
    assert (watched(lake, blind).canary, watched(lake, blind).canary_error) == (False, "")


def test_a_canary_that_breaks_is_dead_and_says_why(lake: Lake) -> None:
    broken = failing(ValueError("alice@example.com"))
    outcome = watched(lake, broken)
    assert (outcome.failed, outcome.canary) == (True, False)
    assert outcome.canary_error.startswith("ValueError at monitors.py:")
    assert outcome.errors == [outcome.canary_error]
    panics = watched(lake, failing(pl.exceptions.PanicException("alice@example.com")))
    assert panics.canary_error.startswith("PanicException at monitors.py:")


def test_a_file_that_does_not_load_has_an_outcome_too(lake: Lake) -> None:
    broken = Broken("accounts", "lost", Path("lost.py"), "SyntaxError: invalid syntax")
    outcome = watched(lake, broken)
    assert outcome.failed
    assert (outcome.manifests, outcome.drifts) == ((), ())
    assert outcome.errors == ["SyntaxError: invalid syntax"]
    assert history(lake, "accounts", until=NOW, days=28).height == 0


def test_one_part_that_fails_leaves_the_others_evaluated(lake: Lake) -> None:
    @declare()
    def fails_on_one_day(logins: pl.LazyFrame) -> pl.LazyFrame:
        """Cannot read one row."""
        return failed_logins(logins.with_columns(pl.col("account_id").cast(pl.Int64)))

    put(lake, "accounts", "logins", failures("00:10", "x") + failures(at("2026-03-01T23:10"), "7"))
    outcome = watched(lake, fails_on_one_day, span("2026-03-01T23:00", "2026-03-02T01:00"))
    assert [m.status for m in outcome.manifests] == ["complete", "failed"]
    assert [m.flagged for m in outcome.evaluated] == [1]
    assert len(outcome.drifts) == 1
    assert not outcome.failed
    assert len(outcome.errors) == 1
    rows = history(lake, "accounts", until=NOW, days=28).sort("partition")
    assert rows.select("status", "drift", "canary").rows() == [
        ("complete", "insufficient data", False),
        ("failed", "", False),
    ]


def test_a_partition_kept_from_a_later_evaluation_is_no_failure(lake: Lake) -> None:
    put(lake, "accounts", "logins", failures("12:10"))
    later = watched(lake, failed_logins, now=NOW + HOUR)
    earlier = watched(lake, failed_logins, now=NOW)
    assert not earlier.failed
    assert earlier.manifests == later.manifests
    rows = history(lake, "accounts", until=NOW, days=28)
    assert rows["as_of"].to_list() == [NOW + HOUR]


def four_weeks(lake: Lake, monitor: str, *, version: int = 1) -> None:
    """A history of 28 days, at noon, with twenty findings among a hundred scores each."""
    rows: list[dict[str, object]] = [
        {
            "monitor": monitor,
            "version": version,
            "partition": NOON.start - days * DAY,
            "partition_end": NOON.end - days * DAY,
            "every": "1h",
            "status": "complete",
            "flagged": 20,
            "scored": 100,
            "drift": "steady",
        }
        for days in range(1, 29)
    ]
    record(lake, "accounts", rows)


def test_a_monitor_is_compared_with_its_own_version_alone(lake: Lake) -> None:
    put(lake, "accounts", "logins", [r for i in range(100) for r in failures("12:10", f"a{i}", 1)])
    four_weeks(lake, "failed_logins")
    four_weeks(lake, "other")
    assert [d.state for d in watched(lake, failed_logins).drifts] == ["down"]
    second = named(failed_logins, "failed_logins", version=2)
    assert [d.state for d in watched(lake, second).drifts] == ["insufficient data"]


def test_what_a_monitor_did_is_kept_in_its_products_history(lake: Lake) -> None:
    put(lake, "accounts", "logins", failures("12:10"))
    daily = watched(lake, failed_logins_of_a_day, span("2026-03-01T00:00", "2026-03-02T00:00"))
    hourly = watched(lake, failed_logins)
    rows = history(lake, "accounts", until=NOW, days=28).sort("partition")
    assert rows.select("monitor", "partition", "every", "as_of", "intent", "flagged").rows() == [
        ("failed_logins_of_a_day", at("2026-03-01T00:00"), "1d", NOW, "live", 0),
        ("failed_logins", NOON.start, "1h", NOW, "live", 1),
    ]
    assert rows["seconds"].to_list() == [daily.manifests[0].seconds, hourly.manifests[0].seconds]
    assert history(lake, "other", until=NOW, days=28).height == 0


def test_the_entities_with_the_highest_scores_come_first(lake: Lake) -> None:
    rows = [
        *failures("10:10", "twice", 3),
        *failures("11:10", "twice", 5),
        *failures("11:10", "b", 4),
        *failures("12:10", "a", 4),
        *failures("12:10", "least", 3),
        *failures("12:10", "none", 1),
    ]
    put(lake, "accounts", "logins", rows)
    run = Run(lake, NOW)
    evaluate_span(run, failed_logins, MORNING)
    starts = [MORNING.start + n * HOUR for n in range(3)]
    assert top_entities(run, failed_logins, starts, most=3) == [
        ("twice", 5.0, 2),
        ("a", 4.0, 1),
        ("b", 4.0, 1),
    ]
    assert top_entities(run, failed_logins, [NOW], most=3) == []


def test_a_file_is_named_from_its_folder_of_monitors_on() -> None:
    assert name_of(PurePosixPath("/x/y/monitors/chat/a.py")) == "monitors/chat/a.py"
    assert name_of(PurePosixPath("chat/a.py")) == "chat/a.py"
