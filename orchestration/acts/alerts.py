"""What a person does to alerts by their ids, and to whatever matchers name."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine

from monitors.contract import Severity
from orchestration.acts.doing import Done, Terms, begun, finish
from orchestration.acts.silences import lift, matched, refuse_entities, write_silence
from orchestration.alerts import actions
from orchestration.alerts.matchers import Matcher
from orchestration.alerts.records import Silence
from orchestration.ledger.ids import digest_parts
from orchestration.oncall.people import Person


def ack(
    engine: Engine, *, who: Person, alert_ids: Sequence[str], now: datetime, terms: Terms
) -> Done:
    """Take alerts that fire, all of them or none; those the person has already stay as they are.

    `until` is when the first of them is told again. Raises AlertError for one that does not fire,
    naming who has it if somebody has; PeopleError.
    """
    with begun(engine, who=who, needs="ack", now=now, terms=terms) as deed:
        state = deed.before.state
        taken, ends = [], []
        for alert_id in dict.fromkeys(alert_ids):
            alert = actions.find(state, alert_id)
            if alert.ack is not None and alert.ack.by == who.id:
                ends.append(alert.ack.until)
                continue
            state = actions.ack(state, alert_id=alert_id, by=who.id, now=now, config=terms.config)
            ends.append(now + terms.config.ack_for[alert.severity])
            taken.append(alert_id)
        done = Done("ack", who.id, len(ends), min(ends), again=not taken)
        if not taken:
            return done
        return finish(deed, state, done, about=taken, reason="acked")


def lower(
    engine: Engine,
    *,
    who: Person,
    alert_id: str,
    severity: Severity,
    reason: str,
    now: datetime,
    terms: Terms,
) -> Done:
    """Lower an alert's severity, until something worse than all before is found.

    Raises AlertError where it would not fall, PeopleError, and LedgerError for a reason that is
    not one line.
    """
    with begun(engine, who=who, needs="lower_severity", now=now, terms=terms) as deed:
        state = actions.lower(
            deed.before.state, alert_id=alert_id, severity=severity, by=who.id, reason=reason
        )
        done = Done("lower_severity", who.id, 1)
        more = {"severity": int(severity)}
        return finish(deed, state, done, about=[alert_id], reason=reason, more=more)


def silence(
    engine: Engine,
    *,
    who: Person,
    matchers: tuple[Matcher, ...],
    until: datetime,
    reason: str,
    now: datetime,
    terms: Terms,
    ticket: str | None = None,
) -> Done:
    """Silence what matchers name; for grave alerts it ends sooner than `until`.

    `n` counts the open alerts that match. A silence of the person's own with these matchers, that
    lasts as long, is enough. Raises AlertError for one that matches everything or is too long,
    ActError for a matcher that names anybody, PeopleError.
    """
    refuse_entities(matchers)
    with begun(engine, who=who, needs="silence", now=now, terms=terms) as deed:
        silence_id = "s-" + digest_parts(
            "silence", who.id, now.isoformat(), *(str(matcher) for matcher in matchers)
        )
        new = Silence(silence_id[:18], matchers, now, until, who.id, reason)
        for known in deed.before.state.silences.values():
            mine = (known.owner, known.matchers) == (who.id, matchers)
            if mine and known.starts <= now and known.ends >= until > now:
                n = len(matched(deed.before.state, known, terms.watched))
                return Done("snooze", who.id, n, known.ends, True, known.silence_id)
        state = actions.silence(deed.before.state, new, now=now, config=terms.config)
        write_silence(deed.connection, new, act=deed.act(reason), ticket=ticket)
        about = matched(state, new, terms.watched)
        done = Done("snooze", who.id, len(about), until, silence_id=new.silence_id)
        return finish(deed, state, done, about=about, reason=reason)


def unsilence(
    engine: Engine, *, who: Person, silence_id: str, reason: str, now: datetime, terms: Terms
) -> Done:
    """End a silence before its time; what still fires is told at once.

    Raises AlertError if it is not running, and PeopleError.
    """
    with begun(engine, who=who, needs="unsilence", now=now, terms=terms) as deed:
        state = actions.unsilence(deed.before.state, silence_id=silence_id)
        lift(deed.connection, silence_id, act=deed.act(reason))
        about = [
            alert.alert_id
            for alert in deed.before.state.alerts.values()
            if silence_id in alert.silenced_by and alert.open
        ]
        done = Done("unsnooze", who.id, len(about), silence_id=silence_id)
        return finish(deed, state, done, about=about, reason=reason)
