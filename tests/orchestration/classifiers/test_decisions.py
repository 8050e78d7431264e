import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
from sqlalchemy import Engine, insert

from monitors.evaluate import FINDINGS
from orchestration.classifiers.decisions import decided, decisions
from orchestration.lake import Lake
from orchestration.ledger.audit import append
from orchestration.ledger.database import writing
from orchestration.ledger.labels import Label, Source, write_labels
from orchestration.ledger.tables import alert_findings, golden
from tests.support.lakes import put
from tests.support.ledgers import NOON, act, alert, opened, person

HOUR = timedelta(hours=1)
ONE = {"window_start": NOON, "window_end": NOON + HOUR}


def found(ledger: Engine, lake: Lake, alert_id: str, evidence: dict[str, object]) -> None:
    """An alert of harassment with one finding of that evidence."""
    with writing(ledger) as connection:
        opened(
            connection,
            alert(alert_id, monitor="chat/rude", product="chat", harm="hate_harassment"),
        )
        seq = append(connection, act=act(), verb="find", object_id=f"alert:{alert_id}")
        row = {
            "finding_id": f"f-{alert_id}",
            "revision": 1,
            "alert_id": alert_id,
            "monitor": "chat/rude",
            "partition": NOON,
            "partition_end": NOON + HOUR,
            "entity": "account_7f3a09c2e1d4",
            "kind": "new",
            "digest": "d",
            "at": NOON,
            "audit_seq": seq,
            **ONE,
        }
        connection.execute(insert(alert_findings), row)
    finding = {"finding_id": f"f-{alert_id}", "evidence": json.dumps(evidence), **ONE}
    path = lake.hour_path("findings/rude", "chat", NOON)
    known = [pl.read_parquet(str(path))] if path.exists() else []
    lake.replace(path, pl.concat([*known, pl.DataFrame([finding], schema=FINDINGS)]))


def labelled(ledger: Engine, alert_id: str, *, value: bool, source: Source = Source.CASE) -> str:
    label = Label(
        label_id=f"label-{alert_id}",
        unit_id=alert_id,
        value=value,
        source=source,
        rater="ana",
        monitor="chat/rude",
        monitor_version=2,
        created_at=NOON,
    )
    with writing(ledger) as connection:
        write_labels(connection, [label], person())
    return label.label_id


def said(lake: Lake, **texts: str) -> None:
    rows = [
        {
            "event_id": event_id,
            "occurred_at": NOON + timedelta(minutes=1),
            "recipient_id": "b",
            "text": text,
        }
        for event_id, text in texts.items()
    ]
    put(lake, "chat", "messages", rows)


def test_a_decision_teaches_the_texts_that_its_findings_name_and_no_others(
    ledger: Engine, tmp_path: Path
) -> None:
    lake = Lake(str(tmp_path / "lake"))
    said(lake, e1="the first thing", e2="the second thing", e3="of somebody else")
    found(ledger, lake, "bad", {"event_id": "e1"})
    found(ledger, lake, "fine", {"event_id": "e2"})
    found(ledger, lake, "bare", {"events": 3})
    for alert_id, value in (("bad", True), ("fine", False), ("bare", True)):
        labelled(ledger, alert_id, value=value)

    told = decided(ledger, lake, now=NOON)

    rows = told.frame.sort("text").select("text", "source", "hate_harassment", "any", "spam")
    assert rows.rows() == [
        ("the first thing", "decisions", True, True, None),
        ("the second thing", "decisions", False, None, None),
    ]
    assert (told.provenance["decisions"], told.provenance["decisions_with_text"]) == (3, 2)
    assert decisions(ledger) == 3
    assert decided(ledger, lake, now=NOON).provenance == told.provenance


def test_golden_units_and_labels_that_are_no_judgement_teach_nothing(
    ledger: Engine, tmp_path: Path
) -> None:
    lake = Lake(str(tmp_path / "lake"))
    said(lake, e1="the first thing", e2="the second thing")
    found(ledger, lake, "gold", {"event_id": "e1"})
    found(ledger, lake, "guess", {"event_id": "e2"})
    labelled(ledger, "gold", value=True)
    labelled(ledger, "guess", value=False, source=Source.CANDIDATE)
    with writing(ledger) as connection:
        seq = append(connection, act=act(), verb="golden", object_id="golden:g1")
        row = {
            "golden_id": "g1",
            "audit_seq": seq,
            "unit_id": "gold",
            "product": "chat",
            "monitor": "chat/rude",
            "version": 2,
            "entity_type": "account_id",
            "entity": "account_7f3a09c2e1d4",
            "value": True,
            "policy_version": "1",
            "since_version": 1,
            "added_by": "ana",
            "added_at": NOON,
            "expires_at": NOON + 24 * HOUR,
            **ONE,
        }
        connection.execute(insert(golden), row)

    told = decided(ledger, lake, now=NOON)

    assert told.frame.height == 0
    assert decisions(ledger) == 0


def test_a_corrected_decision_counts_as_corrected(ledger: Engine, tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    said(lake, e1="the first thing")
    found(ledger, lake, "bad", {"event_id": "e1"})
    first = labelled(ledger, "bad", value=True)
    with writing(ledger) as connection:
        label = Label(
            label_id="later",
            unit_id="bad",
            value=False,
            source=Source.APPEAL,
            rater="ben",
            monitor="chat/rude",
            monitor_version=2,
            created_at=NOON,
        )
        write_labels(connection, [replace(label, supersedes=first)], person(who="ben"))

    (row,) = decided(ledger, lake, now=NOON).frame.rows(named=True)

    assert (row["hate_harassment"], row["any"]) == (False, None)
