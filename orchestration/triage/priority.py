"""Priority: which case is next."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from monitors.contract import Severity

Key = tuple[int, datetime, float, str]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A case as the queue sees it: of its next goal, when it is due and the share used."""

    case_id: str
    severity: Severity
    due: datetime
    share_used: float
    score: float


def rank(severity: Severity, share_used: float, ageing: float) -> int:
    """The place of a case among all, 0 first: S0, aged S1, S1 and aged S2, S2 and aged S3, S3.

    From the `ageing` share of its time on a case counts as one severity higher. An S1 then goes
    before all other S1, but nothing that aged goes before imminent harm. The severity itself
    stays as it is.
    """
    aged = share_used >= ageing and severity is not Severity.S0
    steps = 1 if severity is Severity.S1 else 2
    return 2 * severity - (steps if aged else 0)


def sort_key(case: Waiting, ageing: float) -> Key:
    """Rank, then what is due first, then the higher score; the id makes it one order.

    What is due first goes first, so a case can only wait for those that were due before it: all
    that come later than its due time stand behind it, whatever their score.
    """
    return rank(case.severity, case.share_used, ageing), case.due, -case.score, case.case_id


def in_order(cases: Iterable[Waiting], ageing: float) -> list[Waiting]:
    """The cases, the next one first."""
    return sorted(cases, key=lambda case: sort_key(case, ageing))
