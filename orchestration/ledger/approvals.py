"""What a monitor's version is approved for: a row per change, the latest counts."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, insert, select

from orchestration.ledger.acts import Act
from orchestration.ledger.audit import append
from orchestration.ledger.database import writer
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.ids import check_id, digest_record
from orchestration.ledger.outbox import Intent, enqueue
from orchestration.ledger.states import MODE, ModeState, permitted
from orchestration.ledger.tables import approvals


@dataclass(frozen=True, slots=True)
class Approval:
    """One change of mode. `resumes` is the mode after a disabling's expiry; null in other modes."""

    approval_id: str
    monitor: str
    version: int
    mode: ModeState
    resumes: ModeState | None
    expires_at: datetime | None
    approved_by: str
    reason: str
    at: datetime

    @property
    def object_id(self) -> str:
        """What the audit calls it."""
        return f"monitor:{self.monitor}:v{self.version}"


def approval_digest(approval: Approval) -> str:
    """SHA-256 of the whole row."""
    return digest_record(asdict(approval))


def last_approval(connection: Connection, *, monitor: str, version: int) -> Approval | None:
    """The latest change of a version's mode; None if there was none."""
    of_version = (approvals.c.monitor == monitor) & (approvals.c.version == version)
    newest = select(approvals).where(of_version).order_by(approvals.c.audit_seq.desc()).limit(1)
    row = connection.execute(newest).mappings().one_or_none()
    return _read(row) if row else None


def last_approvals(connection: Connection) -> dict[tuple[str, int], Approval]:
    """The latest change of every version's mode, by monitor and version."""
    rows = select(approvals).order_by(approvals.c.audit_seq)
    found = (_read(row) for row in connection.execute(rows).mappings())
    return {(approval.monitor, approval.version): approval for approval in found}


def mode_now(approval: Approval | None, *, declared: ModeState, now: datetime) -> ModeState:
    """The mode that holds: the declared one before any change, the last one after a disabling."""
    if approval is None:
        return declared
    over = approval.expires_at is not None and approval.expires_at <= now
    return approval.resumes if over and approval.resumes else approval.mode


def change_mode(
    connection: Connection,
    *,
    approval_id: str,
    monitor: str,
    version: int,
    declared: ModeState,
    to: ModeState,
    act: Act,
    expires_at: datetime | None = None,
    intents: Sequence[Intent] = (),
) -> Approval:
    """Change what a monitor's version may do, with its audit row and intents.

    Raises LedgerError, and changes nothing, if the table has no such change for this actor, or if
    a disabling has no end ahead, or anything else has one.
    """
    found = last_approval(writer(connection), monitor=monitor, version=version)
    before = mode_now(found, declared=declared, now=act.at)
    what = f"Monitor {check_id('monitor', monitor)} version {version}"
    rule = permitted(MODE, what=what, found=before, to=to, act=act)
    disables = to == ModeState.DISABLED
    if disables != (expires_at is not None) or (expires_at and expires_at <= act.at):
        raise LedgerError(
            f"{what} is to be {to} at {act.at} and that ends at {expires_at}; wanted a later end "
            "for disabled, and none for other modes. Give it so."
        )
    resumes = found.resumes if found and before == ModeState.DISABLED else before
    approval = Approval(
        approval_id=check_id("approval_id", approval_id),
        monitor=monitor,
        version=version,
        mode=to,
        resumes=resumes if disables else None,
        expires_at=expires_at,
        approved_by=act.actor.id,
        reason=act.reason,
        at=act.at,
    )
    seq = append(
        connection,
        act=act,
        verb=rule.verb,
        object_id=approval.object_id,
        before=approval_digest(found) if found else None,
        after=approval_digest(approval),
    )
    connection.execute(insert(approvals), {**asdict(approval), "audit_seq": seq})
    enqueue(connection, intents=intents, audit_seq=seq, now=act.at)
    return approval


def _read(row: RowMapping) -> Approval:
    named = {name: value for name, value in row.items() if name != "audit_seq"}
    resumes = row["resumes"]
    named["mode"] = ModeState(row["mode"])
    named["resumes"] = None if resumes is None else ModeState(resumes)
    return Approval(**named)
