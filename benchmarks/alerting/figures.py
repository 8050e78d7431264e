"""What a week of telling came to, counted from the ledger and from the messages."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from benchmarks.alerting.lakes import week
from monitors.contract import Severity
from orchestration.intake.counts import PAGES, SHIFT, TOLD
from orchestration.ledger.tables import alert_findings, alerts, audit, outbox
from orchestration.slack.disk import DiskSlack

SHIFTS = (week().end - week().start) // SHIFT
ENDED = ("resolved", "closed")
STORM = "a storm's summary"


@dataclass(frozen=True)
class Figures:
    """A week. `pages` are notices of S0 and S1: how many in each shift; `reasons` are theirs.

    `monitors` are pages by monitor and shift, `findings` by what they were, `alerts` by severity,
    `ended` those that nobody had touched, `messages` by channel: parents, replies, changes.
    """

    findings: Counter[str]
    alerts: Counter[str]
    touched: int
    ended: int
    notices: Counter[str]
    reasons: Counter[str]
    outcomes: Counter[str]
    pages: Sequence[int]
    monitors: Counter[tuple[str, int]]
    messages: dict[str, tuple[int, int, int]]

    @property
    def duplicates(self) -> float:
        """Share of findings that joined an alert rather than opening one."""
        return self.findings["duplicate"] / max(
            self.findings["new"] + self.findings["duplicate"], 1
        )

    @property
    def auto_resolved(self) -> float:
        """Share of alerts that ended, and nobody had acked them."""
        return self.ended / max(self.alerts.total(), 1)

    def loudest(self) -> list[tuple[str, int, int]]:
        """Monitors by pages in the week, the most first; and their most in one shift."""
        total: Counter[str] = Counter()
        most: Counter[str] = Counter()
        for (name, _), number in self.monitors.items():
            total[name] += number
            most[name] = max(most[name], number)
        return [(name, number, most[name]) for name, number in total.most_common()]


def figures(connection: Connection, slack: DiskSlack) -> Figures:
    """Count a week."""
    monitor_of, acked = _alerts(connection)
    table = alerts.c
    states = connection.execute(select(table.alert_id, table.severity, table.state)).all()
    rows = connection.execute(select(outbox).order_by(outbox.c.audit_seq)).mappings().all()
    told = [row for row in rows if row["kind"] != "act"]
    pages = [row for row in told if row["kind"] in TOLD and row["lane"] in PAGES]
    monitors: Counter[tuple[str, int]] = Counter()
    for row in pages:
        named = {monitor_of[name] for name in row["payload"]["alerts"]} or {STORM}
        monitors.update((name, _shift(row["created_at"])) for name in named)
    of_shift = Counter(_shift(row["created_at"]) for row in pages)
    kinds = connection.execute(select(alert_findings.c.kind)).scalars()
    return Figures(
        findings=Counter(kinds),
        alerts=Counter(Severity(severity).name for _, severity, _ in states),
        touched=len(acked),
        ended=sum(state in ENDED and name not in acked for name, _, state in states),
        notices=Counter(Severity(row["lane"]).name for row in told),
        reasons=Counter(row["payload"]["reason"] for row in pages),
        outcomes=Counter(row["outcome"] or "waits" for row in rows),
        pages=[of_shift[number] for number in range(SHIFTS)],
        monitors=monitors,
        messages={channel: _messages(slack, channel) for channel in slack.channels()},
    )


def _alerts(connection: Connection) -> tuple[dict[str, str], set[str]]:
    """Monitor of each alert, and the alerts that somebody acked."""
    rows = connection.execute(select(alerts.c.alert_id, alerts.c.monitor))
    acks = select(audit.c.object).where(audit.c.verb == "ack")
    acked = {name.removeprefix("alert:") for name in connection.execute(acks).scalars()}
    monitor_of = {alert_id: monitor for alert_id, monitor in rows}  # noqa: C416 - rows are no pairs
    return monitor_of, acked & monitor_of.keys()


def _messages(slack: DiskSlack, channel: str) -> tuple[int, int, int]:
    found = slack.messages(channel)
    parents = [message for message in found if message.thread_ts is None]
    changes = sum(message.updates for message in found)
    return len(parents), len(found) - len(parents), changes


def _shift(at: datetime) -> int:
    return (at - week().start) // SHIFT
