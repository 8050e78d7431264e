"""SLAs as they are stored on a case: JSON-able, complete, and read back as they were."""

from collections.abc import Mapping
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

from monitors.contract import Severity
from orchestration.oncall.hours import Hours
from orchestration.oncall.turns import WEEKDAYS
from orchestration.triage.clock import Goals, Sla
from orchestration.triage.errors import TriageError


def to_json(sla: Sla) -> dict[str, Any]:
    """Texts, numbers and lists only; equal SLAs give equal dicts."""
    hours = sla.hours
    return {
        "policy": sla.policy,
        "hours": {
            "name": hours.name,
            "zone": hours.zone.key,
            "open": hours.opens.isoformat("minutes"),
            "close": hours.closes.isoformat("minutes"),
            "weekdays": [WEEKDAYS[day] for day in sorted(hours.weekdays)],
            "holidays": [day.isoformat() for day in sorted(hours.holidays)],
        },
        "goals": {
            severity.name: {
                "first_action": goals.first_action,
                "resolve": goals.resolve,
                "pauses": goals.pauses,
            }
            for severity, goals in zip(Severity, sla.goals, strict=True)
        },
    }


def of_json(stored: Mapping[str, Any]) -> Sla:
    """The SLA that `to_json` was given. Raises TriageError for what it never gives."""
    try:
        hours = stored["hours"]
        return Sla(
            stored["policy"],
            Hours(
                hours["name"],
                ZoneInfo(hours["zone"]),
                time.fromisoformat(hours["open"]),
                time.fromisoformat(hours["close"]),
                frozenset(WEEKDAYS.index(day) for day in hours["weekdays"]),
                frozenset(date.fromisoformat(day) for day in hours["holidays"]),
            ),
            tuple(Goals(**stored["goals"][severity.name]) for severity in Severity),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TriageError(
            f"The SLA stored on a case cannot be read ({type(error).__name__}: {error}); wanted "
            "what to_json gives. Verify the ledger, and restore the case from its audit."
        ) from error
