"""Hours, rotas and ladders, short to write."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import settings

from orchestration.oncall.hours import Hours
from orchestration.oncall.people import Roster
from orchestration.oncall.people_yaml import parse_people
from orchestration.oncall.turns import Override, TeamRota

ROOT = Path(__file__).parents[3]
LOS_ANGELES, LONDON = ZoneInfo("America/Los_Angeles"), ZoneInfo("Europe/London")
SYDNEY, APIA = ZoneInfo("Australia/Sydney"), ZoneInfo("Pacific/Apia")
KATHMANDU, LORD_HOWE = ZoneInfo("Asia/Kathmandu"), ZoneInfo("Australia/Lord_Howe")
ZONES = (LOS_ANGELES, LONDON, SYDNEY, APIA, KATHMANDU, LORD_HOWE, ZoneInfo("UTC"))
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
UNHURRIED = settings(deadline=None)  # how long an example takes is no result
OFFICE_DAYS = frozenset(range(5))


def utc(text: str) -> datetime:
    """A moment written as 2026-03-09T16:30, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def nine_to_five(zone: ZoneInfo, *holidays: date) -> Hours:
    """Monday to Friday."""
    return Hours("office", zone, time(9), time(17), OFFICE_DAYS, frozenset(holidays))


def weekly(zone: ZoneInfo, *overrides: Override, at: time = time(9)) -> TeamRota:
    """A first, b second and c third, from Monday 2026-01-05; who is next is secondary."""
    layers = (("a", "b", "c"), ("b", "c", "a"))
    return TeamRota("chat", zone, at, 0, date(2026, 1, 5), layers, overrides)


def daily(zone: ZoneInfo, *overrides: Override, at: time = time(9)) -> TeamRota:
    """The same with a hand-over every day, from 2026-01-01."""
    layers = (("a", "b", "c"), ("b", "c", "a"))
    return TeamRota("chat", zone, at, None, date(2026, 1, 1), layers, overrides)


def roster() -> Roster:
    """Whom the tests' rotas name: eve may only look."""
    people = [
        ("ann", "oncall", "chat"),
        ("bob", "lead", "chat"),
        ("cat", "admin", "api"),
        ("eve", "viewer", "api"),
    ]
    lines = [
        f"- {{id: {name}, slack: U0{name.upper()}, roles: [{role}], teams: [{team}], zone: UTC}}"
        for name, role, team in people
    ]
    return parse_people("people:\n" + "\n".join(lines))
