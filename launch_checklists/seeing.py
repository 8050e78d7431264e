"""Words that probes share: what is missing, what is old, and what is as it should be."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from launch_checklists.facts import Known, Missing, Trial
from launch_checklists.item import Outcome, Seen
from launch_checklists.parts import length_text

T = TypeVar("T")


def given(fact: Known[T], then: Callable[[T], Seen], *, fix: str = "") -> Seen:
    """What `then` makes of a fact; *unknown*, or *error* where looking failed, if it is missing."""
    if isinstance(fact, Missing):
        outcome = Outcome.ERROR if fact.broken else Outcome.UNKNOWN
        return Seen(outcome, f"not known: {fact.why}.", fix=fix)
    return then(fact)


def named(
    facts: Known[Mapping[str, T]], name: str, then: Callable[[T], Seen], *, lack: Seen
) -> Seen:
    """What `then` makes of one of several facts, or `lack` if it is not among them."""
    return given(facts, lambda there: then(there[name]) if name in there else lack)


def passed(text: str, since: datetime | None = None) -> Seen:
    """It is as it should be."""
    return Seen(Outcome.PASS, text, since)


def failed(text: str, *, fix: str, since: datetime | None = None) -> Seen:
    """It is not, and what to do."""
    return Seen(Outcome.FAIL, text, since, fix)


def stale(text: str, *, fix: str, since: datetime | None = None) -> Seen:
    """What was seen is too old to say anything."""
    return Seen(Outcome.UNKNOWN, text, since, fix)


def tried(trial: Trial, *, within: timedelta, now: datetime, what: str, fix: str) -> Seen:
    """A drill or a test that went well, not longer ago than it may be."""
    if not trial.passed:
        return failed(f"{what} failed: {trial.seen}", fix=fix, since=trial.at)
    if now - trial.at > within:
        text = f"{what} went well {ago(now - trial.at)} ago, longer than {length_text(within)}."
        return stale(text, fix=fix, since=trial.at)
    return passed(f"{what} went well. {trial.seen}".strip(), trial.at)


def ago(length: timedelta) -> str:
    """A length of time in one unit, rounded down."""
    if length.days > 1:
        return f"{length.days} days"
    hours = int(length.total_seconds() // 3600)
    minutes = int(length.total_seconds() // 60)
    return f"{hours} hours" if hours > 1 else f"{minutes} minutes"
