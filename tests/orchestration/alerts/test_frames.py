from dataclasses import replace
from datetime import timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from monitors.contract import Severity
from monitors.evaluate import FINDINGS
from orchestration.alerts.frames import findings_of
from orchestration.alerts.keys import dedup_key, group_key, key_of, state_hash
from orchestration.alerts.life import MOVES
from orchestration.alerts.records import AlertState, Finding
from orchestration.ledger import states
from tests.orchestration.alerts.builders import SPAM, at

ROW = {
    "finding_id": "f1",
    "monitor": SPAM,
    "version": 3,
    "product": "chat",
    "harm": "spam",
    "severity": 2,
    "entity_type": "sender_id",
    "entity": "a",
    "subkey": None,
    "window_start": at(0),
    "window_end": at(1),
    "score": 41.0,
    "threshold": 40.0,
    "evidence": "{}",
    "partition": at(0),
}
SCHEMA = {**FINDINGS, "partition": FINDINGS["window_end"]}


def frame(**changed: object) -> pl.DataFrame:
    return pl.DataFrame([ROW | changed], schema=SCHEMA)


def test_a_row_becomes_a_finding_without_its_evidence() -> None:
    (found,) = findings_of(frame())
    assert replace(found, digest="") == Finding(
        finding_id="f1",
        monitor=SPAM,
        version=3,
        product="chat",
        harm="spam",
        severity=Severity.S2,
        entity_type="sender_id",
        entity="a",
        subkey=None,
        window_start=at(0),
        window_end=at(0) + timedelta(hours=1),
        partition=at(0),
        digest="",
    )
    assert found.severity is Severity.S2


def test_the_digest_follows_the_content_and_not_the_identity() -> None:
    (found,) = findings_of(frame())
    (other,) = findings_of(frame(finding_id="f2", entity="b"))
    assert found.digest == other.digest
    changes: tuple[dict[str, object], ...] = ({"score": 42.0}, {"evidence": "{1}"}, {"severity": 1})
    for changed in changes:
        (amended,) = findings_of(frame(**changed))
        assert amended.digest != found.digest


def test_no_rows_are_no_findings() -> None:
    assert findings_of(frame().clear()) == []


def test_keys_stay_as_they_are_for_ever() -> None:
    assert dedup_key("chat/mass_dm", "a", "spam")[:16] == "d973b3dd58b23802"
    assert group_key("all", [("monitor", "x")]) != group_key("all", [("product", "x")])
    assert state_hash("g", [("a", 1), ("b", 2)], 0) == state_hash("g", [("b", 2), ("a", 1)], 0)
    assert state_hash("g", [("a", 1)], 0) != state_hash("g", [("a", 1)], 1)


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_different_parts_have_different_keys(some: list[str], others: list[str]) -> None:
    assert (key_of(*some) == key_of(*others)) == (some == others)


def test_the_ledger_knows_every_state_and_allows_every_move() -> None:
    assert {state.value for state in AlertState} == {state.value for state in states.AlertState}
    allowed = {(before.value, after.value) for before, after in states.ALERT}
    assert {(before.value, after.value) for before, after in MOVES} <= allowed
