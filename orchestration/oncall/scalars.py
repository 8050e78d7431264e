"""Reads single values of YAML: a value, or what is wrong noted and a stand-in given."""

import difflib
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import yaml

from orchestration.alerts.config import duration
from orchestration.yaml_lines import Problems, text_of

WALL = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
HANDLE = re.compile(r"[a-z][a-z0-9]*([._-][a-z0-9]+)*")
COUNT = re.compile(r"[0-9]{1,3}")
LONGEST_WAIT = len("9999d")
LONGEST_QUOTE = 40
IN_PEOPLE = " in people.yaml"
YEARS = range(2000, 2200)
UTC_ZONE = ZoneInfo("UTC")


def handle_of(node: yaml.Node, problems: Problems) -> str:
    """A short name in small letters. What is none may be personal, and is not repeated."""
    text = text_of(node, problems)
    if text and not HANDLE.fullmatch(text):
        what = "a mail address" if "@" in text else "no handle"
        problems.add(node, f"it is {what}; write small letters and digits, as in heron-7.")
        return ""
    return text


def one_of(
    known: Iterable[str], what: str, where: str = ""
) -> Callable[[yaml.Node, Problems], str]:
    """A reader of one name out of those known."""
    names = list(known)

    def read(node: yaml.Node, problems: Problems) -> str:
        text = text_of(node, problems)
        if text and text not in names:
            problems.add(node, unknown(text, names, what, where))
        return text

    return read


def zone_of(node: yaml.Node, problems: Problems) -> ZoneInfo:
    """A place's zone; abbreviations such as EST have no summer time, or several meanings."""
    text = text_of(node, problems)
    if text and text not in _zones():
        alike = difflib.get_close_matches(text, _zones(), n=1)
        hint = f"did you mean '{alike[0]}'?" if alike else "write a place, as in Europe/Dublin."
        problems.add(node, f"there is no zone {quoted(text)}; {hint}")
        return UTC_ZONE
    return ZoneInfo(text) if text else UTC_ZONE


def wall_of(node: yaml.Node, problems: Problems) -> time:
    """A wall time such as 09:00."""
    text = text_of(node, problems)
    found = WALL.fullmatch(text)
    if found is None:
        if text:
            problems.add(
                node, f"{quoted(text)} is no time of day; write two digits each, as in 09:00."
            )
        return time()
    return time(int(found[1]), int(found[2]))


def day_of(node: yaml.Node, problems: Problems) -> date:
    """A date such as 2026-12-25."""
    return _stamp(node, "%Y-%m-%d", "2026-12-25", problems).date()


def day_and_wall_of(node: yaml.Node, problems: Problems) -> datetime:
    """A date and a wall time, such as 2026-12-25 09:00; without its zone."""
    return _stamp(node, "%Y-%m-%d %H:%M", "2026-12-25 09:00", problems)


def whole_of(node: yaml.Node, problems: Problems) -> int:
    """A count such as 2."""
    text = text_of(node, problems)
    if text and not COUNT.fullmatch(text):
        problems.add(node, f"{quoted(text)} is no count; write a whole number to 999, as in 2.")
        return 1
    return int(text or 1)


def wait_of(node: yaml.Node, problems: Problems) -> timedelta:
    """A time with its unit, as 15m."""
    text = text_of(node, problems)
    if len(text) > LONGEST_WAIT or not text.isprintable():
        problems.add(node, "it is no time up to 9999 units; write one as in 15m, 4h or 2d.")
        return timedelta(0)
    return duration(node, problems)


def unknown(text: str, known: Iterable[str], what: str, where: str = "") -> str:
    """That there is no such thing, with the nearest there is; `where` it is to be added."""
    names = sorted(known)
    alike = difflib.get_close_matches(text, names, n=1)
    hint = f"did you mean '{alike[0]}'?" if alike else f"use one of {', '.join(names)}."
    return f"there is no {what} {quoted(text)}{where}; {hint}"


def quoted(text: str) -> str:
    """The text in quotes; an ellipsis for what is long, no plain line, or may be an address."""
    plain = len(text) <= LONGEST_QUOTE and text.isprintable() and "@" not in text
    return f"'{text}'" if plain else "'…'"


def _stamp(node: yaml.Node, form: str, example: str, problems: Problems) -> datetime:
    text = text_of(node, problems)
    with suppress(ValueError):
        found = datetime.strptime(text, form)  # noqa: DTZ007 - the zone stands elsewhere
        # strptime also takes 2026-1-5; a year such as 0206 is a slip.
        if found.strftime(form) == text and found.year in YEARS:
            return found
    if text:
        problems.add(node, f"{quoted(text)} is no such date; write it as in {example}.")
    return datetime(YEARS.start, 1, 1)  # noqa: DTZ001 - a stand-in


@cache
def _zones() -> frozenset[str]:
    return frozenset(zone for zone in available_timezones() if "/" in zone or zone == "UTC")
