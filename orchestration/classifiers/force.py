"""Which model of a classifier is in force: promotions and roll-backs, in the ledger."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, insert, select

from orchestration.classifiers.errors import ClassifierError
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.audit import append
from orchestration.ledger.database import reading, writing
from orchestration.ledger.ids import digest_parts, digest_record
from orchestration.ledger.tables import classifier_events
from orchestration.oncall.people import Person, require

PROMOTE, ROLL_BACK, REFUSE = "promote", "roll_back", "refuse"
SYSTEM = Actor("classifiers", "system")


@dataclass(frozen=True, slots=True)
class Change:
    """What holds after an act: the model in force, null if none, and whether the act changed it."""

    model: str | None
    changed: bool


def in_force(connection: Connection, name: str) -> str | None:
    """The model in force of a classifier; None while none was promoted."""
    stack = history(connection, name)
    return stack[-1] if stack else None


def history(connection: Connection, name: str) -> list[str]:
    """Models that came into force and were not rolled back, oldest first."""
    c = classifier_events.c
    rows = connection.execute(select(c.verb, c.model).where(c.name == name).order_by(c.audit_seq))
    return _replayed((verb, model) for verb, model in rows)


def _replayed(events: Iterable[tuple[str, str]]) -> list[str]:
    stack: list[str] = []
    for verb, model in events:
        if verb == PROMOTE:
            stack.append(model)
        elif verb == ROLL_BACK and stack:
            stack.pop()
    return stack


def promote(
    engine: Engine, who: Person, name: str, model: str, *, reason: str, now: datetime
) -> Change:
    """Bring a model into force by a person; nothing changes if it is. Raises PeopleError."""
    require(who, "classify")
    return _promote(engine, name, model, Act(Actor(who.id, "person"), now, reason))


def promote_checked(engine: Engine, name: str, model: str, *, now: datetime) -> Change:
    """Bring a model into force that the golden check let through."""
    return _promote(engine, name, model, Act(SYSTEM, now, "The golden check let it through."))


def refuse(engine: Engine, name: str, model: str, *, reason: str, now: datetime) -> Change:
    """Write that the golden check refused a model, once; what is in force stays."""
    with writing(engine) as connection:
        c = classifier_events.c
        same = select(c.event_id).where(c.name == name, c.model == model, c.verb == REFUSE)
        known = connection.execute(same.limit(1)).one_or_none()
        if known is None:
            _write(connection, Act(SYSTEM, now, reason), name, model, REFUSE)
        return Change(in_force(connection, name), known is None)


def roll_back(engine: Engine, who: Person, name: str, *, reason: str, now: datetime) -> Change:
    """Bring the model back that was in force before.

    Raises PeopleError, and ClassifierError where there was none.
    """
    require(who, "classify")
    with writing(engine) as connection:
        stack = history(connection, name)
        if len(stack) < 2:  # noqa: PLR2004 - the one in force and the one before
            raise ClassifierError(
                f"'{name}' has had {len(stack)} models in force; wanted one before the present "
                "one. Promote another with `watchfloor classifier promote`."
            )
        _write(connection, Act(Actor(who.id, "person"), now, reason), name, stack[-2], ROLL_BACK)
        return Change(stack[-2], changed=True)


def model_in_force(engine: Engine, name: str) -> str | None:
    """The same as `in_force`, of a ledger that is not open."""
    with reading(engine) as connection:
        return in_force(connection, name)


def _promote(engine: Engine, name: str, model: str, act: Act) -> Change:
    with writing(engine) as connection:
        if in_force(connection, name) == model:
            return Change(model, changed=False)
        _write(connection, act, name, model, PROMOTE)
        return Change(model, changed=True)


def _write(connection: Connection, act: Act, name: str, model: str, verb: str) -> None:
    before = in_force(connection, name)
    row = {
        "name": name,
        "model": model,
        "verb": verb,
        "by": act.actor.id,
        "reason": act.reason,
        "at": act.at,
    }
    seq = append(
        connection,
        act=act,
        verb=f"classifier_{verb}",
        object_id=f"classifier:{name}",
        before=before,
        after=digest_record(row),
    )
    event_id = f"classifier_{digest_parts(name, model, verb, str(seq))[:24]}"
    connection.execute(insert(classifier_events), {**row, "event_id": event_id, "audit_seq": seq})
