"""Queueing the notice of what became of an appeal: codes, ids and dates."""

from typing import Any

from sqlalchemy import Connection, insert

from orchestration.appeals.codes import MOOT
from orchestration.enforcement.notices import plain
from orchestration.ledger.acts import Act
from orchestration.ledger.appeals import Appeal
from orchestration.ledger.audit import append
from orchestration.ledger.database import writer
from orchestration.ledger.enforcements import Enforcement
from orchestration.ledger.ids import digest_parts, digest_record
from orchestration.ledger.tables import notices

KIND = "appeal"


def tell_of(
    connection: Connection, appeal: Appeal, row: Enforcement, act: Act, *, reversible: bool = True
) -> str:
    """Queue the one notice of an appeal that was decided, or could not be heard; its id.

    `by_people` says that what was done cannot be taken back by a machine.
    """
    decided = appeal.decided_at or act.at
    outcome = appeal.outcome or appeal.state.value
    fields: dict[str, Any] = {
        **plain(row),
        "appeal": appeal.appeal_id,
        "request": appeal.reference,
        "outcome": outcome,
        "rationale": appeal.rationale,
        "decided": decided.isoformat(),
        "reversal": appeal.reversal_id,
        "by_people": outcome not in {"upheld", "invalid", MOOT} and not reversible,
    }
    notice = {
        "notice_id": digest_parts("notice", KIND, appeal.appeal_id),
        "kind": KIND,
        "enforcement_id": row.enforcement_id,
        "appeal_id": appeal.appeal_id,
        "product": appeal.product,
        "target_type": row.target_type,
        "target": row.target,
        "fields": fields,
        "state": "queued",
        "queued_at": act.at,
        "attempts": 0,
    }
    seq = append(
        connection,
        act=act,
        verb="queue",
        object_id=f"notice:{notice['notice_id']}",
        after=digest_record(notice),
    )
    writer(connection).execute(insert(notices).values(**notice, audit_seq=seq))
    return str(notice["notice_id"])
