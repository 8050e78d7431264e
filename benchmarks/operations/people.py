"""Who works in the simulated week: their shifts, and how often they are right. All made up."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import orchestration

SHIFT = 8  # hours
EVERY_DAY, WORKDAYS, WEEKEND = range(7), range(5), range(5, 7)
APPROVERS = ("crane-6", "stork-3", "heron-12")
LEAD = "heron-7"  # of the shipped people
PEOPLE = Path(orchestration.__file__).parent / "people.yaml"


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Somebody who reviews. `begins`: the hour in UTC, `minutes`: what one case takes them.

    `finds` is the share of guilty alerts that they call violating, `spares` of others benign.
    """

    id: str
    skills: tuple[str, ...]
    begins: int
    days: range
    finds: float
    spares: float
    minutes: int

    def works(self, now: datetime) -> bool:
        """Whether it is their shift; one that goes past midnight is of the day it began on."""
        began = now - timedelta(hours=self.begins)
        return began.weekday() in self.days and began.hour < SHIFT

    def next_shift(self, now: datetime) -> datetime:
        """When they begin next, after now."""
        at = now.replace(hour=self.begins, minute=0, second=0, microsecond=0)
        while at <= now or at.weekday() not in self.days:
            at += timedelta(days=1)
        return at


REVIEWERS = (
    Reviewer("tern-1", ("child-safety",), 8, WORKDAYS, 0.96, 0.93, 12),
    Reviewer("tern-2", ("child-safety",), 16, EVERY_DAY, 0.94, 0.92, 14),
    Reviewer("tern-3", ("child-safety",), 0, EVERY_DAY, 0.92, 0.90, 14),
    Reviewer("tern-4", ("child-safety",), 8, WEEKEND, 0.95, 0.93, 12),
    Reviewer("plover-1", ("fraud", "spam"), 8, WORKDAYS, 0.93, 0.92, 8),
    Reviewer("plover-2", ("fraud", "spam"), 10, WORKDAYS, 0.90, 0.90, 7),
    Reviewer("plover-3", ("spam",), 8, WORKDAYS, 0.95, 0.94, 8),
    Reviewer("dunlin-1", ("injection", "fraud"), 16, WORKDAYS, 0.94, 0.92, 10),
    Reviewer("dunlin-2", ("injection",), 17, WORKDAYS, 0.92, 0.93, 9),
    Reviewer("dunlin-3", ("injection",), 9, WORKDAYS, 0.91, 0.91, 10),
    Reviewer("knot-1", ("fraud", "injection", "spam"), 8, WEEKEND, 0.90, 0.90, 9),
    Reviewer("knot-2", ("fraud", "injection", "spam"), 16, EVERY_DAY, 0.90, 0.90, 9),
    Reviewer("knot-3", ("fraud", "injection", "spam"), 0, EVERY_DAY, 0.88, 0.90, 10),
)


def people_yaml() -> str:
    """The shipped people, and those of the week."""
    lines = [PEOPLE.read_text(encoding="utf-8").rstrip()]
    for one in REVIEWERS:
        lines += _entry(one.id, "reviewer", one.skills)
    for name in APPROVERS[1:]:
        lines += _entry(name, "approver", ())
    return "\n".join(lines) + "\n"


def _entry(name: str, role: str, skills: tuple[str, ...]) -> list[str]:
    slack = "U0" + name.upper().replace("-", "")
    found = [
        f"  - id: {name}",
        f"    slack: {slack}",
        f"    roles: [{role}]",
        "    teams: [week]",
        "    zone: UTC",
    ]
    return [*found, f"    skills: [{', '.join(skills)}]"] if skills else found
