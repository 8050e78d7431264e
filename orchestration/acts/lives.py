"""One alert's life as the ledger tells it: what was done, what was found, where it was told."""

from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, Text, cast, select

from orchestration.acts.errors import ActError
from orchestration.acts.threads import Thread, object_id, threads_of
from orchestration.ledger.tables import alert_findings, alerts, audit, outbox, told

SHORTEST = 8
NAMED = 5


@dataclass(frozen=True, slots=True)
class Life:
    """Rows of the audit about an alert and its threads, oldest first; its findings and threads."""

    entries: tuple[RowMapping, ...]
    findings: tuple[RowMapping, ...]
    threads: tuple[Thread, ...]


def life_of(connection: Connection, alert_id: str) -> Life:
    """All that was done about an alert, found of it, and every thread that told of it."""
    shown = threads_of(connection, _thread_ids(connection, alert_id))
    objects = [f"alert:{alert_id}", *(object_id(thread.thread_id) for thread in shown)]
    acts = select(audit).where(audit.c.object.in_(objects)).order_by(audit.c.seq)
    mine = select(alert_findings).where(alert_findings.c.alert_id == alert_id)
    found = mine.order_by(alert_findings.c.audit_seq, alert_findings.c.window_end)
    return Life(
        tuple(connection.execute(acts).mappings()),
        tuple(connection.execute(found).mappings()),
        tuple(shown),
    )


def full_id(connection: Connection, given: str) -> str:
    """The id of the one alert that begins so; ActError where none or several do."""
    if len(given) < SHORTEST or not set(given) <= set("0123456789abcdef"):
        raise ActError(
            f"An alert's id is hexadecimal, of which at least the first {SHORTEST} digits are "
            "wanted. Copy it from `watchfloor alerts list`."
        )
    begins = select(alerts.c.alert_id).where(alerts.c.alert_id.startswith(given))
    found: list[str] = list(connection.execute(begins.order_by(alerts.c.alert_id)).scalars())
    if not found:
        raise ActError(f"There is no alert {given}; copy its id from `watchfloor alerts list`.")
    if len(found) > 1:
        raise ActError(
            f"{given} begins the ids of {len(found)} alerts: {_candidates(found)}. Give more of it."
        )
    return found[0]


def _candidates(ids: list[str]) -> str:
    """Ids, as long as is needed to tell them apart."""
    length = next(n for n in range(SHORTEST, 65) if len({one[:n] for one in ids}) == len(ids))
    named = ", ".join(one[: max(length, 12)] for one in ids[:NAMED])
    return named + (", …" if len(ids) > NAMED else "")


def _thread_ids(connection: Connection, alert_id: str) -> set[str]:
    marked = connection.execute(select(told.c.thread_id, told.c.marks)).all()
    has = cast(outbox.c.payload, Text).contains(alert_id)
    payloads = connection.execute(select(outbox.c.payload).where(has)).scalars()
    named = {payload["thread"] for payload in payloads if "thread" in payload}
    return named | {thread_id for thread_id, marks in marked if alert_id in marks}
