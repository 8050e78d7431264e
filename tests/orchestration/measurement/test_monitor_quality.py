from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest
from sqlalchemy import Connection, Engine, insert

from orchestration.ledger.audit import append
from orchestration.ledger.database import reading, writing
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.labels import Label, Source, write_labels
from orchestration.ledger.review_tasks import ReviewTask, add_tasks
from orchestration.ledger.tables import gaps
from orchestration.measurement.errors import MeasurementError
from orchestration.measurement.monitor_quality import MonitorReport, monitor_report
from orchestration.measurement.plans import Plan, Stratum, add_plan, plan_of
from orchestration.measurement.quality import quality
from tests.support.ledgers import NOON, act, alert, opened

DAY = timedelta(days=1)
MONITOR, VERSION = "chat/a", 2
NOW = NOON + 3 * DAY
NAMES = ("flagged", "near", "bulk", "null")


def plan(day: int) -> Plan:
    span = (NOON + (day - 10) * DAY, NOON + (day - 9) * DAY)
    return plan_of("windows", (MONITOR, VERSION), span, seed="s", now=NOON)


def task(of: Plan, stratum: str, number: int, pi: float) -> ReviewTask:
    return ReviewTask(
        task_id=f"task_{of.plan_id}_{stratum}_{number}",
        kind="window",
        unit_id=f"scored:{of.plan_id}{stratum}{number}",
        product="chat",
        monitor=MONITOR,
        version=VERSION,
        entity_type="account_id",
        entity="account_1",
        window_start=of.starts_at,
        window_end=of.ends_at,
        rank=0.0,
        made_at=NOON,
        due_at=NOON + 7 * DAY,
        plan_id=of.plan_id,
        stratum=stratum,
        inclusion_prob=pi,
    )


def label(one: ReviewTask, *, value: bool, **changed: object) -> Label:
    made = Label(
        label_id=f"label_{one.task_id}",
        unit_id=one.unit_id,
        value=value,
        source=Source.FLAG_REVIEW,
        rater="ana",
        monitor=one.monitor,
        monitor_version=one.version,
        created_at=NOON,
        inclusion_prob=one.inclusion_prob,
        stratum=one.stratum,
        policy_version="spam/1",
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def drawn(
    connection: Connection, of: Plan, found: dict[str, tuple[int, int, int]], silent: int = 0
) -> list[ReviewTask]:
    """A day's strata as (size, n, k), all judged but the last `silent` flagged ones."""
    strata = [
        Stratum(name, size, size, n, n / size if size else None)
        for name, (size, n, _) in found.items()
    ]
    add_plan(connection, of, strata, act())
    tasks, labels = [], []
    for name, (size, n, k) in found.items():
        mine = [task(of, name, number, n / size) for number in range(n)]
        tasks += mine
        judged = mine[: n - silent] if name == "flagged" else mine
        labels += [label(one, value=place < k) for place, one in enumerate(judged)]
    add_tasks(connection, tasks, act())
    write_labels(connection, labels, act())
    return tasks


def report(engine: Engine, **changed: object) -> MonitorReport:
    with reading(engine) as connection:
        return monitor_report(connection, MONITOR, VERSION, now=NOW, **changed)  # type: ignore[arg-type]


def figure(found: MonitorReport, name: str) -> dict[str, object]:
    return found.figures.row(by_predicate=pl.col("figure") == name, named=True)


def test_without_any_label_every_figure_is_insufficient_and_null(ledger: Engine) -> None:
    found = report(ledger)
    rows = found.figures.filter(pl.col("figure") != "missed")
    assert set(rows["state"]) == {"insufficient"}
    assert rows["figure"].to_list() == [
        "gate",
        "precision",
        "flagged windows",
        "recall",
        "prevalence",
        "positives",
    ]
    for name in ("value", "lower", "upper"):
        assert rows[name].null_count() == rows.height
    assert (found.strata.height, found.slices.height, found.gate.n) == (0, 0, 0)


def test_plans_of_several_days_add_up_and_each_stratum_says_what_it_adds(ledger: Engine) -> None:
    day = {"flagged": (100, 20, 18), "near": (900, 30, 3), "bulk": (9_900, 40, 0)}
    with writing(ledger) as connection:
        drawn(connection, plan(1), {**day, "null": (50, 15, 1)})
        drawn(connection, plan(2), {**day, "null": (0, 0, 0)})
    found = report(ledger)
    recall = figure(found, "recall")
    assert (recall["state"], recall["n"]) == ("measured", 180)
    assert recall["value"] == pytest.approx(180 / (180 + 180))
    assert (recall["method"], recall["frame"], recall["monitor"], recall["version"]) == (
        "stratified, Jeffreys-Beta simulation",
        "scored windows, by stratum",
        MONITOR,
        VERSION,
    )
    assert figure(found, "flagged windows")["value"] == pytest.approx(0.9)
    assert figure(found, "prevalence")["value"] == pytest.approx(360 / 21_800)
    assert figure(found, "unscored windows")["reads"] == (
        "6.7% (0.2% to 31.9%, 95%, n = 15, weighted (Hájek), Korn-Graubard)"
    )
    rows = {row["stratum"]: row for row in found.strata.iter_rows(named=True)}
    assert (rows["near"]["size"], rows["near"]["judged"], rows["near"]["positive"]) == (1800, 60, 6)
    assert rows["null"]["variance_share"] is None  # in no figure of what was scored
    shares = [rows[name]["variance_share"] for name in ("flagged", "near", "bulk")]
    assert sum(shares) == pytest.approx(1)
    assert shares[2] > 0.5


def test_one_day_of_a_time_counts_and_the_gate_is_of_all_labels(ledger: Engine) -> None:
    day = {"flagged": (20, 15, 15), "near": (20, 15, 0), "bulk": (15, 15, 0), "null": (0, 0, 0)}
    with writing(ledger) as connection:
        for number in (1, 2):
            drawn(connection, plan(number), day)
        opened(connection, *(alert(f"a{n}", monitor=MONITOR, version=2) for n in range(16)))
        write_labels(
            connection,
            [
                Label(
                    f"l{n}", f"a{n}", n > 0, Source.RANDOM, "ana", MONITOR, 2, NOON, 0.5, "uniform"
                )
                for n in range(16)
            ],
            act(),
        )
    found = report(ledger, start=plan(2).starts_at, end=plan(2).ends_at)
    assert figure(found, "flagged windows")["n"] == 15
    assert figure(found, "precision")["state"] == "insufficient"
    with reading(ledger) as connection:
        assert found.gate == quality(connection, MONITOR, VERSION, NOW)
    gate = figure(found, "gate")
    assert (gate["k"], gate["n"], gate["lower"], gate["start"]) == (15, 16, found.gate.lower, None)
    assert gate["reads"] == "at least 73.6% (95% one-sided, 15 of 16)"
    whole = figure(report(ledger), "precision")
    assert (whole["k"], whole["n"], whole["method"]) == (15, 16, "Wilson")


def test_a_task_that_nobody_answered_is_missing_and_thin_strata_are_named(ledger: Engine) -> None:
    day = {"flagged": (40, 20, 9), "near": (40, 13, 0), "bulk": (90, 20, 0), "null": (0, 0, 0)}
    with writing(ledger) as connection:
        drawn(connection, plan(1), day, silent=2)
    found = report(ledger)
    flagged = figure(found, "flagged windows")
    assert (flagged["n"], flagged["value"]) == (18, pytest.approx(0.5))
    rows = {row["stratum"]: row for row in found.strata.iter_rows(named=True)}
    assert (rows["flagged"]["drawn"], rows["flagged"]["missing"]) == (20, 2)
    assert (rows["near"]["state"], rows["bulk"]["state"]) == ("insufficient", "measured")
    recall = figure(found, "recall")
    assert (recall["value"], recall["reads"]) == (None, "insufficient (near has 13 of 14)")


def test_nothing_found_is_no_more_than_the_upper_end_and_never_nought(ledger: Engine) -> None:
    day = {"flagged": (40, 20, 0), "near": (40, 20, 0), "bulk": (900, 20, 0), "null": (0, 0, 0)}
    with writing(ledger) as connection:
        drawn(connection, plan(1), day)
    found = report(ledger)
    assert figure(found, "recall")["reads"] == "insufficient (nothing positive was found)"
    assert str(figure(found, "positives")["reads"]).startswith("no more than ")
    assert str(figure(found, "flagged windows")["reads"]).startswith("no more than ")


def test_labels_of_models_gold_and_what_people_missed_are_in_no_rate(ledger: Engine) -> None:
    with writing(ledger) as connection:
        tasks = drawn(
            connection,
            plan(1),
            {"flagged": (60, 30, 15), "near": (30, 20, 2), "bulk": (90, 20, 0), "null": (0, 0, 0)},
        )
        before = report_of(connection)
        for source, rater in ((Source.LLM, "model"), (Source.GOLDEN, "ben")):
            machine = [
                label(
                    one,
                    value=True,
                    source=source,
                    rater=rater,
                    label_id=f"{source}{one.task_id}",
                    inclusion_prob=None,
                    stratum=None,
                )
                for one in tasks[:30]
            ]
            write_labels(connection, machine, act())
        seq = append(connection, act=act(), verb="gap", object_id="gap:1")
        connection.execute(
            insert(gaps),
            {
                "gap_id": "g1",
                "audit_seq": seq,
                "case_id": "c1",
                "kind": "missed",
                "product": "chat",
                "harm": "spam",
                "opened_at": NOON,
                "opened_by": "ana",
            },
        )
        found = report_of(connection)
        other = monitor_report(connection, MONITOR, VERSION, now=NOW, harm="fraud")
    people = pl.col("figure").is_in(["missed", "model's labels"]).not_()
    assert found.figures.filter(people).equals(before.figures.filter(people))
    assert figure(found, "model's labels")["k"] == 30
    assert figure(found, "missed")["reads"] == "1 found by people; they are in no rate"
    assert figure(other, "missed")["reads"] == "0 found by people; they are in no rate"


def report_of(connection: Connection) -> MonitorReport:
    return monitor_report(connection, MONITOR, VERSION, now=NOW)


def test_only_labels_that_cite_the_policy_version_count_if_one_is_asked_for(ledger: Engine) -> None:
    with writing(ledger) as connection:
        day = {"flagged": (40, 20, 9), "near": (40, 20, 0), "bulk": (90, 20, 0), "null": (0, 0, 0)}
        drawn(connection, plan(1), day)
    assert figure(report(ledger, policy_version="spam/1"), "flagged windows")["n"] == 20
    assert figure(report(ledger, policy_version="spam/2"), "flagged windows")["n"] == 0
    assert figure(report(ledger, policy_version="spam/2"), "recall")["policy"] == "spam/2"


def test_a_slice_of_few_units_says_nothing(ledger: Engine) -> None:
    with writing(ledger) as connection:
        day = {"flagged": (40, 20, 10), "near": (40, 2, 0), "bulk": (90, 2, 0), "null": (0, 0, 0)}
        tasks = drawn(connection, plan(1), day)
    units = [one.unit_id for one in tasks if one.stratum == "flagged"]
    groups = pl.DataFrame(
        {"unit": units, "by": ["language"] * 20, "name": ["en"] * 14 + ["fr"] * 6}
    )
    found = report(ledger, groups=groups).slices
    assert found.select("by", "name", "n", "state").rows() == [
        ("language", "en", 14, "measured"),
        ("language", "fr", 6, "insufficient"),
    ]
    assert found["value"].to_list() == [pytest.approx(10 / 14), None]


def test_a_time_that_ends_before_it_begins_or_has_no_zone_is_refused(ledger: Engine) -> None:
    with pytest.raises(MeasurementError, match="wanted a later end"):
        report(ledger, start=NOON, end=NOON - DAY)
    with pytest.raises(LedgerError, match="zone"):
        report(ledger, start=NOON.replace(tzinfo=None))
