from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from monitors.canary import Rows
from monitors.contract import Monitor, Severity, monitor
from monitors.errors import MonitorError
from monitors.evaluate import Evaluation, Span, evaluate
from monitors.finding_ids import finding_id
from monitors.harms import Harm

HOUR = timedelta(hours=1)
TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
SPAN = Span(TEN, TEN + HOUR)
TIMES = pl.Datetime("us", "UTC")
Scored = tuple[str | None, float | None, datetime]


def declared(cadence: str = "hourly") -> Monitor:
    """A monitor that flags from 10 and is near from 8."""

    @monitor(
        product="web",
        harm=Harm.SPAM,
        entity="ip",
        version=3,
        authors=("ann",),
        owner="team",
        threshold=10,
        window=HOUR,
        cadence=cadence,  # type: ignore[arg-type]
        severity=Severity.S2,
        action="review",
        runbook="docs/runbooks/x.md",
        canary=(Rows("logins", n=1),),
    )
    def spam(logins: pl.LazyFrame) -> pl.LazyFrame:
        """Behaviour."""
        return logins

    return spam


def scores(rows: Sequence[Scored]) -> pl.LazyFrame:
    return pl.LazyFrame(
        [(entity, score, end - HOUR, end) for entity, score, end in rows],
        schema={"ip": pl.String, "score": pl.Float64, "window_start": TIMES, "window_end": TIMES},
        orient="row",
    )


def judged(*rows: Scored, span: Span = SPAN, rate: float = 1.0) -> Evaluation:
    return evaluate(declared(), scores(rows), span, seed="s", rate=rate)


def test_counts_each_stratum_exactly() -> None:
    end = TEN + HOUR
    found = judged(
        ("a", 10.0, end),
        ("b", 11.5, end),
        ("c", 9.9, end),
        ("d", 8.0, end),
        ("e", 7.9, end),
        ("f", 0.0, end),
        ("g", -3.0, end),
        ("h", None, end),
    )
    assert found.counts.rows() == [
        (TEN, "bulk", 3),
        (TEN, "flagged", 2),
        (TEN, "near", 2),
        (TEN, "null", 1),
    ]
    assert found.findings["entity"].to_list() == ["a", "b"]
    assert found.samples.select("entity", "stratum").rows() == [
        ("a", "flagged"),
        ("b", "flagged"),
        ("c", "near"),
        ("d", "near"),
        ("e", "bulk"),
        ("f", "bulk"),
        ("g", "bulk"),
        ("h", "null"),
    ]


@pytest.mark.parametrize("score", [None, float("nan"), float("inf"), float("-inf")])
def test_a_score_that_is_not_finite_is_not_enough_to_tell(score: float | None) -> None:
    found = judged(("a", score, TEN + HOUR))
    assert found.findings.is_empty()
    assert found.samples.select("score", "stratum").rows() == [(None, "null")]
    assert found.counts.rows() == [(TEN, "null", 1)]


def test_a_finding_says_what_was_found_by_whom_and_how_sure() -> None:
    rows = scores([("a", 12.0, TEN + HOUR)]).with_columns(seen=pl.lit(3), subkey=pl.lit("k"))
    [finding] = evaluate(declared(), rows, SPAN, seed="s", rate=0.0).findings.to_dicts()
    assert finding == {
        "finding_id": finding_id(
            "web/spam", 3, "ip", "a", window_start=TEN, window_end=TEN + HOUR, subkey="k"
        ),
        "monitor": "spam",
        "version": 3,
        "product": "web",
        "harm": "spam",
        "severity": 2,
        "entity_type": "ip",
        "entity": "a",
        "subkey": "k",
        "window_start": TEN,
        "window_end": TEN + HOUR,
        "score": 12.0,
        "threshold": 10.0,
        "evidence": '{"seen":3}',
    }


def test_a_window_belongs_to_the_span_in_which_it_ends() -> None:
    found = judged(
        ("begins", 99.0, TEN),
        ("just after", 99.0, TEN + timedelta(microseconds=1)),
        ("ends", 99.0, TEN + HOUR),
        ("after", 99.0, TEN + HOUR + timedelta(microseconds=1)),
    )
    assert sorted(found.findings["entity"]) == ["ends", "just after"]
    assert found.counts.rows() == [(TEN, "flagged", 2)]


def test_counts_are_by_the_partition_of_the_monitor() -> None:
    span = Span(TEN.replace(hour=0), TEN.replace(hour=0) + timedelta(days=2))
    rows = scores([("a", 1.0, TEN), ("b", 1.0, TEN + HOUR), ("c", 1.0, TEN + 14 * HOUR)])
    hours = evaluate(declared(), rows, span, seed="s", rate=0.0).counts["partition"].to_list()
    assert hours == [TEN - HOUR, TEN, TEN + 13 * HOUR]
    days = evaluate(declared("daily"), rows, span, seed="s", rate=0.0).counts.rows()
    assert days == [(TEN.replace(hour=0), "bulk", 3)]


def test_rows_without_an_entity_are_nobodys() -> None:
    found = judged((None, 99.0, TEN + HOUR))
    assert found.findings.is_empty()
    assert found.counts.is_empty()


def test_refuses_two_rows_of_one_entity_and_window() -> None:
    with pytest.raises(MonitorError, match="2 rows that share entity, window and subkey"):
        judged(("a", 11.0, TEN + HOUR), ("a", 12.0, TEN + HOUR))


def test_a_subkey_tells_two_findings_of_one_window_apart() -> None:
    rows = scores([("a", 11.0, TEN + HOUR), ("a", 12.0, TEN + HOUR)]).with_columns(
        subkey=pl.Series(["x", "y"])
    )
    found = evaluate(declared(), rows, SPAN, seed="s", rate=0.0).findings
    assert found["finding_id"].n_unique() == 2


def test_refuses_scores_without_a_column_and_says_which() -> None:
    with pytest.raises(MonitorError, match=r"no column \['ip', 'score'\]"):
        evaluate(declared(), scores([]).drop("ip", "score"), SPAN, seed="s", rate=0.0)


def test_refuses_times_that_are_not_utc() -> None:
    naive = scores([]).with_columns(pl.col("window_end").dt.replace_time_zone(None))
    with pytest.raises(MonitorError, match="returned 'window_end' as Datetime"):
        evaluate(declared(), naive, SPAN, seed="s", rate=0.0)


def test_samples_near_misses_always_and_the_rest_at_the_rate() -> None:
    end = TEN + HOUR
    rows = [(f"bulk-{i:05}", 1.0, end) for i in range(20_000)]
    rows += [(f"near-{i}", 9.0, end) for i in range(50)]
    rows += [(f"flagged-{i}", 10.0, end) for i in range(1000)]
    found = judged(*rows, rate=0.1)
    strata = dict(found.samples.group_by("stratum").len().rows())
    assert strata["near"] == 50
    assert 1850 < strata["bulk"] < 2150
    assert 70 < strata["flagged"] < 130
    assert found.findings.height == 1000
    uniform = dict(found.samples.filter("uniform").group_by("stratum").len().rows())
    assert uniform["bulk"] == strata["bulk"]
    assert uniform.get("near", 0) < 20
    probability = found.samples.group_by("stratum").agg(pl.col("inclusion_probability").unique())
    assert dict(probability.rows()) == {"near": [1.0], "bulk": [0.1], "flagged": [1.0]}


def test_the_same_rows_are_drawn_in_any_order() -> None:
    rows = [(f"a{i}", float(i % 12), TEN + HOUR) for i in range(500)]
    first, second = judged(*rows, rate=0.2), judged(*reversed(rows), rate=0.2)
    assert first.samples.equals(second.samples)
    assert first.findings.equals(second.findings)
