"""I13 on the ledger: whatever is silenced, alerts live as they would have lived."""

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitors.contract import Severity
from orchestration.acts.alerts import silence, unsilence
from orchestration.acts.errors import ActError
from orchestration.acts.group import snooze
from orchestration.acts.threads import alerts_of
from orchestration.alerts.matchers import parse_matcher
from orchestration.ledger.database import reading
from tests.orchestration.acts.desks import HERON, Desk
from tests.orchestration.alerts.builders import at, finding
from tests.support.copies import new_ledger


@dataclass(frozen=True)
class Hour:
    """What an hour finds, and what a person mutes after it."""

    found: tuple[tuple[str, Severity], ...]
    mute: str


FOUND = st.tuples(st.sampled_from("abc"), st.sampled_from(Severity))
HOURS = st.lists(
    st.builds(
        Hour,
        st.lists(FOUND, max_size=3, unique_by=lambda one: one[0]).map(tuple),
        st.sampled_from(["", "silence", "unsilence", "snooze"]),
    ),
    min_size=2,
    max_size=8,
)


def mute(desk: Desk, how: str, hour: int) -> None:
    now = at(hour + 1.5)
    if how == "silence":
        silence(
            desk.engine,
            who=HERON,
            matchers=(parse_matcher("product=chat"),),
            until=now + timedelta(hours=3),
            reason="a drill",
            now=now,
            terms=desk.terms,
        )
    running = [
        row.silence_id
        for row in desk.rows("silences")
        if row.ended_by is None and row.ends_at > now
    ]
    if how == "unsilence" and running:
        with_it = {"silence_id": running[0], "reason": "over", "now": now, "terms": desk.terms}
        unsilence(desk.engine, who=HERON, **with_it)
    if how == "snooze" and desk.rows("threads"):
        said = refusal(desk)
        with pytest.raises(ActError, match=said) if said else nullcontext():
            snooze(
                desk.engine,
                who=HERON,
                **desk.seen(),
                for_=timedelta(hours=2),
                now=now,
                terms=desk.terms,
            )


def refusal(desk: Desk) -> str:
    """How a snooze of the newest thread is refused: what is open may be silenced, and in none."""
    thread = desk.thread()
    if thread.closed_at is not None:
        return "This thread ended at"
    with reading(desk.engine) as connection:
        is_over = not any(alert.open for alert in alerts_of(connection, thread))
    return "All alerts of this group are resolved" if is_over else ""


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(hours=HOURS)
def test_alerts_live_the_same_with_and_without_silences(hours: list[Hour]) -> None:
    with TemporaryDirectory() as folder:
        desks = [Desk(new_ledger(f"sqlite:///{Path(folder, name)}")) for name in ("loud", "muted")]
        loud, muted = desks
        for number, hour in enumerate(hours):
            found = [finding(number, name, severity=severity) for name, severity in hour.found]
            loud.tick(number, *found)
            muted.tick(number, *found)
            assert muted.states() == loud.states()
            mute(muted, hour.mute, number)
            assert muted.states() == loud.states()
        assert muted.is_sound()
        for desk in desks:
            desk.engine.dispose()
