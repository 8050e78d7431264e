"""What the demo does with findings: eight monitors may tell people, and what they were told."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from monitors.registry import Registry
from orchestration.alerts.records import AlertState
from orchestration.intake.counts import counts
from orchestration.intake.modes import declared
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.approvals import change_mode, last_approval
from orchestration.ledger.database import reading, writing
from orchestration.ledger.ids import digest_parts
from orchestration.ledger.states import ModeState
from orchestration.settings import Settings
from orchestration.slack.disk import DiskSlack

APPROVER = Actor("demo-approver", "person")
REASON = "the demo shows what a team is told"
PROMOTED = (
    "agents/connector_scraping",
    "images/forged_documents",
    "images/undressing_ring",
    "live/minor_contact",
    "live/repeated_target",
    "live/session_harassment",
    "marketplace/bait_and_switch",
    "marketplace/review_manipulation",
)


@dataclass(frozen=True, slots=True)
class Told:
    """What stands at the end: alerts that fire, by severity; those in shadow; messages by channel.

    `messages` is None where they went to a real Slack.
    """

    firing: dict[str, int]
    shadow: int
    messages: dict[str, int] | None


def promote(engine: Engine, registry: Registry, *, now: datetime) -> int:
    """Approve eight monitors for review mode, each once a version; how many were approved now."""
    new = 0
    with writing(engine) as connection:
        for name in PROMOTED:
            monitor = registry.get(name)
            if last_approval(connection, monitor=name, version=monitor.version) is not None:
                continue
            change_mode(
                connection,
                approval_id=digest_parts("approval", name, str(monitor.version), now.isoformat()),
                monitor=name,
                version=monitor.version,
                declared=declared(monitor),
                to=ModeState.REVIEW,
                act=Act(APPROVER, now, REASON),
            )
            new += 1
    return new


def told(engine: Engine, settings: Settings, *, now: datetime) -> Told:
    """Count what stands, and what people got."""
    with reading(engine) as connection:
        found = counts(connection, now=now)
    firing: dict[str, int] = {}
    for (severity, state), number in found.told.items():
        if state is AlertState.FIRING:
            firing[severity.name] = firing.get(severity.name, 0) + number
    slack = DiskSlack(settings.home / "slack")
    messages = {channel: len(slack.messages(channel)) for channel in slack.channels()}
    return Told(firing, found.shadow, None if settings.slack.token else messages)
