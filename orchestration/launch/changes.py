"""What became different since the last report of the same product and stage."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from launch_checklists.report import Report


@dataclass(frozen=True, slots=True)
class Earlier:
    """The report before: when, its verdict, and the outcome of each item."""

    at: datetime
    verdict: str
    outcomes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """One item whose outcome is another; null where it was, or is, not there."""

    item: str
    before: str | None
    now: str | None


def changes(report: Report, before: Earlier) -> list[Change]:
    """Items that read otherwise than then, in the order of the report; those that went, last."""
    now = outcomes(report)
    new = [
        Change(name, before.outcomes.get(name), outcome)
        for name, outcome in now.items()
        if before.outcomes.get(name) != outcome
    ]
    gone = sorted(set(before.outcomes) - set(now))
    return [*new, *(Change(name, before.outcomes[name], None) for name in gone)]


def outcomes(report: Report) -> dict[str, str]:
    """The outcome of each item, in the order in which people read them."""
    return {one.item.id: one.seen.outcome.value for one in report.ordered()}
