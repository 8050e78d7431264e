"""Desks, SLAs and traits, short to write."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import settings

from monitors.contract import Severity
from monitors.harms import Harm
from monitors.registry import registry
from orchestration.oncall.hours import Hours
from orchestration.oncall.people_yaml import parse_people
from orchestration.triage.clock import Goals, Sla
from orchestration.triage.desks import Desks, Source, Traits
from orchestration.triage.queues_yaml import parse_desks

ROOT = Path(__file__).parents[3]
QUEUES = (ROOT / "orchestration" / "queues.yaml").read_text(encoding="utf-8")
ROSTER = parse_people((ROOT / "orchestration" / "people.yaml").read_text(encoding="utf-8"))
MONITORS = tuple(registry().monitors.values())
LOS_ANGELES, LONDON = ZoneInfo("America/Los_Angeles"), ZoneInfo("Europe/London")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
UNHURRIED = settings(deadline=None)  # how long an example takes is no result


def utc(text: str) -> datetime:
    """A moment written as 2026-03-09T16:30, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def parse(text: str = QUEUES) -> Desks:
    """The desks in a text, with the shipped people and monitors; the shipped ones."""
    return parse_desks(text, ROSTER, MONITORS)


def sla(zone: ZoneInfo, minutes: int, *holidays: date, pauses: bool = True) -> Sla:
    """Nine to five from Monday to Friday, to be resolved in so many minutes at each severity."""
    office = Hours("office", zone, time(9), time(17), frozenset(range(5)), frozenset(holidays))
    return Sla("standard", office, (Goals(min(minutes, 30), minutes, pauses),) * 4)


def traits(
    harm: Harm | None = Harm.SPAM,
    product: str = "chat",
    severity: Severity = Severity.S2,
    source: Source = Source.ALERT,
    monitor: str | None = None,
) -> Traits:
    """A case about an account."""
    return Traits(harm, product, severity, source, "account_id", monitor)
