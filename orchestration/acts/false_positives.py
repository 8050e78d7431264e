"""Findings that a person holds for false: candidates for labels, which a review decides on."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine

from orchestration.acts.doing import Deed, Done, Terms, begun, finish
from orchestration.acts.errors import ActError
from orchestration.acts.threads import Thread, alerts_of, thread_of
from orchestration.alerts.records import Alert
from orchestration.ledger.ids import digest_parts
from orchestration.ledger.labels import Label, Source, labels_on, standing, write_labels
from orchestration.oncall.people import Person

MOST = 20
CODES = ("expected", "test", "bad_data", "too_little", "other")


def false_positives(
    engine: Engine,
    *,
    who: Person,
    thread_id: str,
    alert_ids: Sequence[str],
    code: str,
    now: datetime,
    terms: Terms,
) -> Done:
    """Note that alerts of a thread are false, and why; this resolves and retunes nothing.

    They are named one by one, so that it does not matter what else has changed since they were
    seen. Raises ActError for more than 20, none, another thread's, or an unknown code; PeopleError.
    """
    chosen = sorted(set(alert_ids))
    if not 1 <= len(chosen) <= MOST:
        raise ActError(f"{len(chosen)} alerts were named; wanted 1 to {MOST}. Choose fewer.")
    if code not in CODES:
        raise ActError(f"There is no such reason code; use one of {', '.join(CODES)}.")
    with begun(engine, who=who, needs="false_positive", now=now, terms=terms) as deed:
        thread = thread_of(deed.connection, thread_id)
        new = _write(deed, _of_thread(deed, thread, chosen), code)
        done = Done("false_positive", who.id, len(chosen), again=not new)
        if not new:
            return done
        return finish(
            deed,
            deed.before.state,
            done,
            about=chosen,
            reason=f"false positive: {code}",
            thread=thread,
            more={"code": code},
        )


def _of_thread(deed: Deed, thread: Thread, chosen: Sequence[str]) -> list[Alert]:
    known = {alert.alert_id: alert for alert in alerts_of(deed.connection, thread)}
    found = [known[alert_id] for alert_id in chosen if alert_id in known]
    if len(found) < len(chosen):
        raise ActError(
            f"{len(chosen) - len(found)} of {len(chosen)} alerts are not of this thread; "
            "choose from those that it lists."
        )
    return found


def _write(deed: Deed, alerts: Sequence[Alert], code: str) -> int:
    """Write a label for each alert of which the person has not said the same; how many."""
    given = labels_on(deed.connection, [alert.alert_id for alert in alerts])
    last = {
        (label.unit_id, label.monitor_version): label
        for label in standing(given)
        if label.source is Source.CANDIDATE and label.rater == deed.who.id
    }
    new = []
    for alert in alerts:
        before = last.get((alert.alert_id, alert.version))
        if before is None or before.code != code:
            new.append(_label(deed, alert, code, before.label_id if before else None))
    return write_labels(deed.connection, new, deed.act(f"false positive: {code}"))


def _label(deed: Deed, alert: Alert, code: str, supersedes: str | None) -> Label:
    parts = (alert.alert_id, str(alert.version), deed.who.id, code, supersedes)
    return Label(
        label_id=digest_parts(Source.CANDIDATE, *parts),
        unit_id=alert.alert_id,
        value=False,
        source=Source.CANDIDATE,
        rater=deed.who.id,
        monitor=alert.monitor,
        monitor_version=alert.version,
        created_at=deed.now,
        code=code,
        supersedes=supersedes,
    )
