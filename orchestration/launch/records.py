"""What people say of a launch, in the ledger: waivers approved, states signed, findings closed."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Table, insert, select, update

from launch_checklists.checklist import Checklist
from launch_checklists.digest import waiver_digest
from launch_checklists.report import Report
from launch_checklists.signoffs import MAY_SIGN
from launch_checklists.waiver import LONGEST, MOST_RENEWALS, Waiver
from launch_checklists.waiving import MAY_APPROVE
from orchestration.launch.changes import Earlier, outcomes
from orchestration.launch.errors import LaunchError
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import append
from orchestration.ledger.database import reading, writing
from orchestration.ledger.ids import digest_parts, digest_record
from orchestration.ledger.tables import (
    launch_reports,
    launch_signatures,
    launch_waivers,
    red_findings,
)
from orchestration.oncall.people import Person

SHOWN = 24  # hex digits of a digest in an id
WATCH = Actor("launch", "system")


def approve_waiver(
    engine: Engine, who: Person, checklist: Checklist, item: str, *, now: datetime
) -> Waiver:
    """Approve the newest waiver of an item as it stands in the checklist; once and again is once.

    Raises LaunchError for one that is not there, that names another approver, or whose approver
    wrote the checklist or has no role that may.
    """
    product = checklist.product.id
    mine = sorted((w for w in checklist.waivers if w.item == item), key=lambda w: w.created)
    if not mine:
        raise LaunchError(f"The checklist of {product} has no waiver of '{item}'; write it there.")
    waiver = mine[-1]
    if waiver.approver != who.id:
        raise LaunchError(f"{waiver.approver} is to approve it, not {who.id}.")
    _require(who, checklist, MAY_APPROVE, "approve a waiver")
    _require_first(engine, product, waiver)
    row = {
        "product": product,
        "digest": waiver_digest(waiver),
        "person": who.id,
        "item": item,
        "expires": waiver.expires.isoformat(),
        "at": now,
    }
    same = [launch_waivers.c[name] == row[name] for name in ("product", "digest", "person")]
    object_id = f"launch:{product}:waiver:{str(row['digest'])[:SHOWN]}"
    act = Act(Actor(who.id, "person"), now, f"waived until {waiver.expires}")
    _once(engine, launch_waivers, row, same, act=act, verb="waive", object_id=object_id)
    return waiver


def _require_first(engine: Engine, product: str, waiver: Waiver) -> None:
    """Raise LaunchError for a waiver that goes on from another more often than it says, or may.

    What ended over 90 days before it begins was about something else.
    """
    w = launch_waivers.c
    mine = select(w.expires).where(w.product == product, w.item == waiver.item)
    with reading(engine) as connection:
        ends = {date.fromisoformat(text) for text in connection.scalars(mine)}
    earlier = [end for end in ends if waiver.created - LONGEST <= end < waiver.expires]
    if len(earlier) > MOST_RENEWALS:
        raise LaunchError(
            f"{waiver.item} was waived and renewed before, until {max(earlier)}; wanted no third "
            "time. Mend it."
        )
    if len(earlier) > waiver.renewal:
        raise LaunchError(
            f"{waiver.item} was waived before, until {max(earlier)}; write `renewal: 1`, so that "
            "everybody sees it."
        )


def sign(
    engine: Engine, who: Person, checklist: Checklist, report: Report, signer: str, *, now: datetime
) -> None:
    """Sign the state that a report shows, as one kind of signer; once and again is once.

    Raises LaunchError for a signer that the checklist does not ask, or somebody who may not.
    """
    if signer not in checklist.signoffs:
        wanted = ", ".join(checklist.signoffs)
        raise LaunchError(f"Nobody is to sign as '{signer}'; wanted one of {wanted}.")
    _require(who, checklist, MAY_SIGN[signer], f"sign as {signer}")
    row = {
        "product": report.product,
        "stage": report.stage,
        "signer": signer,
        "person": who.id,
        "digest": report.digest,
    }
    same = [launch_signatures.c[name] == value for name, value in row.items()]
    name = f"sign_{digest_parts(digest_record(row))[:SHOWN]}"
    act = Act(Actor(who.id, "person"), now, f"signed at {report.stage} % as {signer}")
    full = {**row, "signature_id": name, "at": now}
    object_id = f"launch:{report.product}:{name}"
    _once(engine, launch_signatures, full, same, act=act, verb="sign", object_id=object_id)


def _require(who: Person, checklist: Checklist, roles: frozenset[str], what: str) -> None:
    if who.id in checklist.authors:
        raise LaunchError(f"{who.id} wrote the checklist and cannot {what}; ask somebody else.")
    if roles.isdisjoint({role.value for role in who.roles}):
        raise LaunchError(
            f"{who.id} cannot {what}; wanted one of the roles {', '.join(sorted(roles))}."
        )


def _once(
    engine: Engine,
    table: Table,
    row: Mapping[str, Any],
    same: list[Any],
    *,
    act: Act,
    verb: str,
    object_id: str,
) -> None:
    """Add a row with its audit row, unless it is there."""
    with writing(engine) as connection:
        if connection.execute(select(table.c.audit_seq).where(*same)).first():
            return
        seq = append(
            connection, act=act, verb=verb, object_id=object_id, after=digest_record(dict(row))
        )
        connection.execute(insert(table), {**row, "audit_seq": seq})


def open_finding(
    engine: Engine, who: Person, product: str, *, severity: int, evidence: str, now: datetime
) -> str:
    """Record a finding of a red team; its id. The text stays where the evidence is."""
    row = {
        "product": product,
        "severity": severity,
        "evidence": evidence,
        "opened_by": who.id,
        "opened_at": now,
    }
    name = f"red_{digest_parts(digest_record(row))[:SHOWN]}"
    act = Act(Actor(who.id, "person"), now, "a red team's finding")
    full = {**row, "finding_id": name}
    same = [red_findings.c.finding_id == name]
    _once(engine, red_findings, full, same, act=act, verb="open", object_id=f"finding:{name}")
    return name


def close_finding(
    engine: Engine,
    who: Person,
    finding_id: str,
    *,
    closed_as: Literal["mended", "accepted"],
    reason: str,
    now: datetime,
) -> None:
    """Say that a finding is mended, or accepted by somebody who may approve. LaunchError if not."""
    if closed_as == "accepted" and MAY_APPROVE.isdisjoint({role.value for role in who.roles}):
        raise LaunchError(
            f"{who.id} cannot accept a risk; wanted {', '.join(sorted(MAY_APPROVE))}."
        )
    with writing(engine) as connection:
        same = red_findings.c.finding_id == finding_id
        found = connection.execute(select(red_findings).where(same)).mappings().one_or_none()
        if found is None or found["closed_at"] is not None:
            what = "is closed already" if found else "is not there"
            raise LaunchError(f"The finding {finding_id} {what}; copy the id of an open one.")
        values = {"closed_by": who.id, "closed_at": now, "closed_as": closed_as}
        act = Act(Actor(who.id, "person"), now, reason)
        after = digest_record({**found, **values})
        append(connection, act=act, verb="close", object_id=f"finding:{finding_id}", after=after)
        connection.execute(update(red_findings).where(same).values(**values))


def last_report(connection: Connection, product: str, stage: int) -> Earlier | None:
    """The newest kept report of a product at a stage."""
    row = launch_reports.c
    mine = select(row.at, row.verdict, row.outcomes)
    mine = mine.where(row.product == product, row.stage == stage)
    found = connection.execute(mine.order_by(row.audit_seq.desc()).limit(1)).first()
    return Earlier(found.at, found.verdict, found.outcomes) if found else None


def keep_report(engine: Engine, report: Report) -> Earlier | None:
    """Keep a report if any outcome is another than in the last one; that last one."""
    now = outcomes(report)
    with reading(engine) as connection:
        before = last_report(connection, report.product, report.stage)
    if before and dict(before.outcomes) == now and before.verdict == report.verdict.value:
        return before
    row = {
        "product": report.product,
        "stage": report.stage,
        "verdict": report.verdict.value,
        "digest": report.digest,
        "outcomes": now,
        "at": report.at,
    }
    name = f"launch_{digest_parts(digest_record({**row, 'outcomes': sorted(now.items())}))[:SHOWN]}"
    act = Act(WATCH, report.at, f"{report.product} at {report.stage} %: {report.verdict.value}")
    same = [launch_reports.c.report_id == name]
    full = {**row, "report_id": name}
    with writing(engine) as connection:
        if not connection.execute(select(launch_reports.c.audit_seq).where(*same)).first():
            after = digest_parts(report.digest, *(f"{k}={v}" for k, v in now.items()))
            seq = append(
                connection, act=act, verb="report", object_id=f"launch:{name}", after=after
            )
            connection.execute(insert(launch_reports), {**full, "audit_seq": seq})
    return before
