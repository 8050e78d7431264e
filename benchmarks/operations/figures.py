"""What a simulated week of operations came to, counted from the ledger and the truth."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, func, select
from sqlalchemy import true as true_

from benchmarks.operations.office import Office
from monitors.contract import Severity
from orchestration.ledger.appeals import APPEALS
from orchestration.ledger.cases import CASES, Case
from orchestration.ledger.database import reading
from orchestration.ledger.enforcement_states import EnforcementState
from orchestration.ledger.enforcements import ENFORCEMENTS, Enforcement
from orchestration.ledger.machines import where
from orchestration.ledger.tables import appeals, audit, batches, outcomes

S = EnforcementState
DONE = frozenset({S.APPLIED, S.REVERSING, S.REVERSED})
WOULD = frozenset({S.DRY_RUN})


@dataclass(frozen=True)
class Figures:
    """A week. `late` are cases by severity: begun late, decided late, of those due by the end.

    `wrong` are rows on people who did nothing: done (or, in dry-run, that would have been),
    undone, over by themselves, appealed in vain or still waiting, and never appealed.
    """

    alerts: int
    cases: Counter[str]
    reopens: int
    outcomes: Counter[str]
    right: tuple[int, int, int, int]
    late: Mapping[str, tuple[int, int, int]]
    states: Counter[str]
    codes: Counter[str]
    flags: Counter[str]
    breaches: int
    appeals: Counter[str]
    wrong: Counter[str] = field(default_factory=Counter)
    audit: int = 0


def figures(office: Office, now: datetime) -> Figures:
    """Count a week up to now."""
    with reading(office.engine) as connection:
        cases = list(where(connection, CASES).values())
        rows = list(where(connection, ENFORCEMENTS).values())
        heard = where(connection, APPEALS)
        decided = connection.execute(select(outcomes.c.alert_id, outcomes.c.outcome)).all()
        verdicts = {row.alert_id: row.outcome for row in decided if row.alert_id}
        true = office.known.alerts(connection, verdicts)
        guilty = office.known.rows(connection, rows)
        return Figures(
            alerts=len(verdicts),
            cases=Counter(case.state.value for case in cases),
            reopens=sum(case.reopens for case in cases),
            outcomes=Counter(row.outcome for row in decided),
            right=_right(verdicts, true),
            late={level.name: _late(cases, level, now) for level in Severity},
            states=Counter(row.state.value for row in rows),
            codes=Counter(row.code for row in rows if row.code),
            flags=Counter(row.flag for row in rows if row.flag),
            breaches=_count(connection, batches, batches.c.breach.is_not(None)),
            appeals=Counter(one.state.value for one in heard.values()),
            wrong=_wrong(rows, guilty, _appealed(connection), now),
            audit=_count(connection, audit, true_()),
        )


def _count(connection: Connection, table: Table, condition: ColumnElement[bool]) -> int:
    return connection.scalars(select(func.count()).select_from(table).where(condition)).one()


def _right(verdicts: Mapping[str, str], true: Mapping[str, bool]) -> tuple[int, int, int, int]:
    """Alerts called violating that are and are not guilty, and benign that are not and are."""
    pairs = Counter((verdict, true[name]) for name, verdict in verdicts.items())
    return (
        pairs["violating", True],
        pairs["violating", False],
        pairs["benign", False],
        pairs["benign", True],
    )


def _late(cases: Iterable[Case], severity: Severity, now: datetime) -> tuple[int, int, int]:
    mine = [case for case in cases if case.severity is severity and case.first_action_due <= now]
    begun = sum((case.first_action_at or now) > case.first_action_due for case in mine)
    due = [case for case in mine if case.resolve_due <= now]
    decided = sum((case.decided_at or now) > case.resolve_due for case in due)
    return len(mine), begun, decided


def _appealed(connection: Connection) -> set[str]:
    return set(connection.scalars(select(appeals.c.enforcement_id)))


def _wrong(
    rows: Iterable[Enforcement], guilty: Mapping[str, bool], appealed: set[str], now: datetime
) -> Counter[str]:
    found: Counter[str] = Counter()
    for row in rows:
        if row.state not in (DONE if row.mode == "live" else WOULD):
            continue
        found["all"] += 1
        if guilty[row.enforcement_id]:
            continue
        found["wrong"] += 1
        over = not row.standing or (row.ends_at is not None and row.ends_at <= now)
        if row.mode != "live":
            continue
        if row.state is S.REVERSED:
            found["undone"] += 1
        elif over:
            found["over"] += 1
        else:
            found["appealed" if row.enforcement_id in appealed else "never appealed"] += 1
    return found
