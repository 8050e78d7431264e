"""Silences in the ledger: written, and lifted before their end."""

import re
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, insert, update

from orchestration.acts.errors import ActError
from orchestration.alerts.matchers import Matcher, Matching
from orchestration.alerts.mutes import labels_of
from orchestration.alerts.records import Silence, State, Watched
from orchestration.ledger.acts import Act
from orchestration.ledger.audit import append
from orchestration.ledger.ids import check_id, digest_record
from orchestration.ledger.tables import silences

PSEUDONYM = re.compile(r"[a-z0-9_]+_[0-9a-f]{12}")


def write_silence(
    connection: Connection, new: Silence, *, act: Act, ticket: str | None = None
) -> None:
    """Write a new silence with its audit row."""
    row = {
        "silence_id": check_id("silence_id", new.silence_id),
        "matchers": [[one.label, one.operator, one.value] for one in new.matchers],
        "starts_at": new.starts,
        "ends_at": new.ends,
        "created_by": act.actor.id,
        "created_at": act.at,
        "reason": new.reason,
        "ticket": None if ticket is None else check_id("ticket", ticket),
    }
    connection.execute(insert(silences), row)
    append(
        connection,
        act=act,
        verb="silence",
        object_id=f"silence:{new.silence_id}",
        after=digest_record(row),
    )


def lift(connection: Connection, silence_id: str, *, act: Act) -> None:
    """End a silence before its time, with its audit row."""
    same = update(silences).where(silences.c.silence_id == silence_id)
    connection.execute(same.values(ended_by=act.actor.id))
    append(connection, act=act, verb="unsilence", object_id=f"silence:{silence_id}")


def matched(state: State, new: Silence, watched: Mapping[str, Watched]) -> list[str]:
    """Ids of the open alerts that a silence is about."""
    matching = Matching(new.matchers)
    return [
        alert.alert_id
        for alert in state.alerts.values()
        if alert.open and matching(labels_of(alert, watched))
    ]


def refuse_entities(matchers: Iterable[Matcher]) -> None:
    """Raise ActError for a matcher that may say who stands behind a pseudonym."""
    given = [matcher.value for matcher in matchers if matcher.label == "entity"]
    if not all(PSEUDONYM.fullmatch(value) for value in given):
        raise ActError(
            "A matcher names an entity by something that is no pseudonym; wanted one as in "
            'entity="account_7f3a09c2e1d4". Copy it from `watchfloor alerts list`.'
        )
