"""Notices to users: what is queued for them, as codes, ids, counts and dates."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert, select

from orchestration.ledger.acts import Act
from orchestration.ledger.audit import Change, append_all
from orchestration.ledger.database import writer
from orchestration.ledger.enforcements import Enforcement
from orchestration.ledger.ids import digest_parts, digest_record
from orchestration.ledger.rows import BATCH
from orchestration.ledger.tables import alerts, decisions, notices
from orchestration.policies.actions import Automation
from orchestration.policies.errors import PolicyError
from orchestration.policies.facts import Facts
from orchestration.policies.notices import Decided, statement_of_reasons
from orchestration.policies.policy import Policy
from orchestration.policies.rules import Rules

Kind = Literal["applied", "restored", "retracted"]
Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was noticed of a target, and whether by a machine."""

    count: int
    first: datetime
    last: datetime
    detected: bool


def queue(
    connection: Connection,
    kind: Kind,
    rows: Sequence[Enforcement],
    fields: Mapping[str, Fields],
    act: Act,
) -> None:
    """Queue a notice for each row, with its fields by enforcement."""
    found = [
        {
            "notice_id": digest_parts("notice", kind, row.enforcement_id, row.reversal_id),
            "kind": kind,
            "enforcement_id": row.enforcement_id,
            "product": row.product,
            "target_type": row.target_type,
            "target": row.target,
            "fields": fields[row.enforcement_id],
            "state": "queued",
            "queued_at": act.at,
            "attempts": 0,
        }
        for row in rows
    ]
    changes = [
        Change("queue", f"notice:{each['notice_id']}", None, digest_record(each)) for each in found
    ]
    first = append_all(writer(connection), act=act, changes=changes) - len(found) + 1
    if found:
        numbered = [{**each, "audit_seq": first + at} for at, each in enumerate(found)]
        connection.execute(insert(notices), numbered)


def reasons(row: Enforcement, seen: Seen, policy: Policy | None, rules: Rules) -> Fields | None:
    """The fields of a notice that something was applied; None if no statement can be made of it.

    `policy` is the one that the row cites, in its version; None if it is gone. `statement` has the
    fields of Art. 17 DSA under it; null for an action that restricts nothing.
    """
    action = rules.actions.get(row.action)
    if policy is None or action is None or row.executing_at is None:
        return None
    statement = None
    try:
        facts = Facts(row.enforcement_id, seen.count, seen.first, seen.last, seen.detected)
        decided = Decided(row.executing_at, row.ends_at, Automation(row.automated))
        if action.restriction is not None:
            statement = statement_of_reasons(
                policy, action, facts, decided, puid=row.enforcement_id
            )
    except PolicyError:
        return None  # the caller flags the row: what was done has to be recorded all the same
    return {
        **plain(row),
        **_seen(seen),
        "ground": policy.ground.kind.value,
        "statement": statement,
    }


def plain(row: Enforcement) -> Fields:
    """What any notice says of an enforcement."""
    return {
        "reference": row.enforcement_id,
        "policy": row.policy_id,
        "version": row.policy_version,
        "action": row.action,
        "automation": row.automated,
        "since": _iso(row.executing_at),
        "until": _iso(row.ends_at),
    }


def undone(row: Enforcement) -> Fields:
    """The fields of a notice that something was taken back."""
    return {**plain(row), "reversal": row.reversal_id, "reversed": _iso(row.reversed_at)}


def seen_of(connection: Connection, rows: Iterable[Enforcement]) -> dict[str, Seen]:
    """What was noticed, by enforcement: by its alert, else as its decision says."""
    every = list(rows)
    alert, decision = alerts.c, decisions.c
    counted = select(
        alert.alert_id, alert.count - alert.retracted, alert.first_seen, alert.last_seen
    )
    by_alert = {
        alert_id: Seen(max(1, standing), first, last, detected=True)
        for some in _batches(row.alert_id for row in every)
        for alert_id, standing, first, last in connection.execute(
            counted.where(alert.alert_id.in_(some))
        )
    }
    decided = select(decision.decision_id, decision.decided_at, decision.automated_detection)
    by_decision = {
        decision_id: Seen(1, at, at, detected=detected)
        for some in _batches(row.decision_id for row in every if row.alert_id not in by_alert)
        for decision_id, at, detected in connection.execute(
            decided.where(decision.decision_id.in_(some))
        )
    }
    return {
        row.enforcement_id: by_alert.get(row.alert_id or "")
        or by_decision.get(row.decision_id or "")
        or Seen(1, row.planned_at, row.planned_at, detected=False)
        for row in every
    }


def _seen(seen: Seen) -> Fields:
    return {
        "count": seen.count,
        "first": _iso(seen.first),
        "last": _iso(seen.last),
        "detected": seen.detected,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _batches(ids: Iterable[str | None]) -> list[list[str]]:
    known = sorted({each for each in ids if each})
    return [known[at : at + BATCH] for at in range(0, len(known), BATCH)]
