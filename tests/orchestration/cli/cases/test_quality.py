from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
from sqlalchemy import insert

from monitors.evaluate import FINDINGS, SAMPLES
from monitors.registry import registry
from orchestration.evaluation import FINDINGS_TABLE, SAMPLES_TABLE
from orchestration.lake import Lake
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import append
from orchestration.ledger.database import writing
from orchestration.ledger.labels import Label, Source, write_labels
from orchestration.ledger.review_tasks import add_tasks
from orchestration.ledger.tables import answers
from orchestration.manifests import write_manifest
from orchestration.measurement.plans import Stratum, add_plan, plan_of
from orchestration.partitions import HOUR, day_of
from orchestration.review.drawn_windows import unit_ids
from orchestration.settings import load
from tests.orchestration.cli.cases.bench import SPAM, Bench
from tests.support.manifests import MANIFEST
from tests.support.review import task_row

MONITOR = registry().get(SPAM)
DAY = timedelta(days=1)
PLACES = range(30)
ACT = Act(Actor("wren-5", "person"), datetime.now(UTC), "drawn and judged")


def windows(bench: Bench) -> None:
    """30 accounts over the line yesterday, the higher half bad; 30 near it, none of them bad."""
    start = day_of(datetime.now(UTC)) - DAY
    hour = start + 12 * HOUR
    rows = [
        {"entity": f"{name}-{n}", "score": MONITOR.threshold + sign * (n + 1), "stratum": stratum}
        for name, sign, stratum in (("loud", 1, "flagged"), ("soft", -0.001, "near"))
        for n in PLACES
    ]
    frame = pl.DataFrame(rows).with_columns(
        window_start=pl.lit(hour), window_end=pl.lit(hour + HOUR), subkey=pl.lit(None, pl.String)
    )
    lake = Lake(load().lake)
    for table, schema, stratum in (
        (FINDINGS_TABLE, FINDINGS, "flagged"),
        (SAMPLES_TABLE, SAMPLES, "near"),
    ):
        kept = frame.filter(stratum=stratum)
        empty = [name for name in schema.names() if name not in kept.columns]
        kept = kept.with_columns(pl.lit(None).alias(name) for name in empty)
        path = lake.partition_path(f"{table}/{MONITOR.name}", MONITOR.product, hour, "1h")
        lake.replace(path, kept.select(schema.names()).cast(dict(schema)))  # type: ignore[arg-type]
    manifest = replace(
        MANIFEST,
        monitor=MONITOR.name,
        product=MONITOR.product,
        version=MONITOR.version,
        partition=hour.isoformat(),
        partition_end=(hour + HOUR).isoformat(),
        as_of=(hour + HOUR).isoformat(),
    )
    write_manifest(lake, MONITOR, manifest)
    units = unit_ids(frame, MONITOR, bench.names.names)
    drawn(bench, start, [(str(unit), row) for unit, row in zip(units, rows, strict=True)])


def drawn(bench: Bench, start: datetime, units: list[tuple[str, dict[str, object]]]) -> None:
    """A plan of the day with a task for each unit, and wren's label."""
    version = (MONITOR.id, MONITOR.version)
    plan = plan_of("windows", version, (start, start + DAY), seed="s", now=start)
    strata = [Stratum(name, 30, 30, 30, 1.0) for name in ("flagged", "near")]
    tasks = [
        task_row(
            str(number),
            unit_id=unit,
            product=MONITOR.product,
            monitor=MONITOR.id,
            version=MONITOR.version,
            plan_id=plan.plan_id,
            stratum=row["stratum"],
            inclusion_prob=1.0,
        )
        for number, (unit, row) in enumerate(units)
    ]
    labels = [
        Label(
            f"label-{number}",
            task.unit_id,
            float(str(row["score"])) > MONITOR.threshold + 15,
            Source.FLAG_REVIEW,
            "wren-5",
            MONITOR.id,
            MONITOR.version,
            start,
            1.0,
            task.stratum,
        )
        for number, (task, (_, row)) in enumerate(zip(tasks, units, strict=True))
    ]
    with writing(bench.engine) as connection:
        add_plan(connection, plan, strata, ACT)
        add_tasks(connection, tasks, ACT)
        write_labels(connection, labels, ACT)


def answered(bench: Bench, *raters: str) -> None:
    """Each rater finds the same 20 units violating."""
    with writing(bench.engine) as connection:
        for rater in raters:
            tasks = [
                task_row(f"{rater}{n}", unit_id=f"scored:{n}", product=MONITOR.product)
                for n in range(20)
            ]
            add_tasks(connection, tasks, ACT)
            for task in tasks:
                row: dict[str, object] = {
                    "answer_id": task.task_id,
                    "task_id": task.task_id,
                    "unit_id": task.unit_id,
                }
                seq = append(connection, act=ACT, verb="answer", object_id=task.task_id)
                row |= {"rater": rater, "verdict": "violating", "audit_seq": seq}
                connection.execute(insert(answers), {**row, "answered_at": bench.now})


def test_a_monitor_s_figures_are_told_with_what_auto_still_needs(bench: Bench) -> None:
    windows(bench)
    found = bench.ask("quality", "monitor", SPAM)
    figures = {row["figure"]: row for row in found["figures"]}
    assert figures["flagged windows"]["value"] == 0.5
    assert figures["recall"]["value"] == 1.0
    assert (figures["gate"]["state"], figures["gate"]["value"]) == ("insufficient", None)
    assert [row["stratum"] for row in found["strata"]] == ["flagged", "near"]
    told = bench.run("quality", "monitor", SPAM).stdout
    assert "May be in review by its measurement" in told
    assert "labels more, all right, would do." in told
    older = bench.ask("quality", "monitor", SPAM, "--to", "30d", "--section", "strata")
    assert older == []


def test_a_threshold_is_proposed_with_what_is_known_there(bench: Bench) -> None:
    windows(bench)
    found = bench.one("quality", "threshold", SPAM, "--precision", "0.8")
    # 15 bad of 15 are sure to be 0.82, of 16 to be 0.74.
    assert found["proposed"] == MONITOR.threshold + 16
    assert (found["precision"], found["recall"]) == (1.0, 1.0)
    assert (found["judged"], found["without_score"]) == (60, 0)
    curve = bench.ask("quality", "threshold", SPAM, "--precision", "0.8", "--curve")
    assert len(curve) == 40
    more = bench.one("quality", "threshold", SPAM, "--precision", "0.9")
    assert (more["proposed"], more["labels_needed"], more["stratum"]) == (None, 14, "flagged")


def test_without_drawn_windows_there_is_no_proposal(bench: Bench) -> None:
    said = bench.refused("quality", "threshold", SPAM, code=3)
    assert "No windows of web/scraping version" in said


def test_a_lead_sees_everybody_and_others_themselves(bench: Bench) -> None:
    answered(bench, "wren-5", "otter-2")
    bench.be("wren-5")
    mine = bench.ask("quality", "reviewers")
    assert {row["rater"] for row in mine["reviewers"]} == {"wren-5"}
    assert {row["rater"] for row in mine["cross_check"]} == {"wren-5"}
    bench.be("heron-7")
    every = bench.ask("quality", "reviewers", "--product", MONITOR.product)
    assert [row["rater"] for row in every["reviewers"]] == ["otter-2", "wren-5"]
    assert {row["n"] for row in every["agreement"]} == {20}
    assert bench.ask("quality", "reviewers", "--section", "help") == []


def test_csv_holds_one_table_and_wants_to_know_which(bench: Bench) -> None:
    assert "name it with --section" in bench.refused("quality", "reviewers", "--format", "csv")
    done = bench.run("quality", "monitor", SPAM, "--section", "figures", "--format", "csv")
    assert done.stdout.startswith("figure,value,lower,upper,n,k,state,reads,method,frame,")


def test_precision_by_country_says_too_little_where_no_event_has_one(bench: Bench) -> None:
    windows(bench)
    assert list(bench.ask("quality", "monitor", SPAM)) == ["figures", "strata"]
    found = bench.ask("quality", "monitor", SPAM, "--by", "country")
    assert found["slices"] == []
    assert "without --by" in bench.refused("quality", "monitor", SPAM, "--section", "slices")
