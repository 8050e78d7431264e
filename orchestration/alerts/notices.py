"""Decides what each receiver is told, when and why, by comparing groups with what was told."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from monitors.contract import Severity
from orchestration.alerts.groups import Group
from orchestration.alerts.keys import key_of, state_hash
from orchestration.alerts.records import Alert, AlertState, Intent, Mark, Reason, Told, ToldKey
from orchestration.alerts.rules import Route

Change = tuple[Alert, Reason]
RANK = {reason: rank for rank, reason in enumerate(Reason)}
AT_ONCE = frozenset({Reason.ESCALATED, Reason.SILENCE_EXPIRED, Reason.ACK_EXPIRED})
BY_TIME = frozenset({Reason.SILENCE_EXPIRED, Reason.REPEAT})
NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a group has to tell next, why and from when; nothing where `changes` is empty."""

    changes: tuple[Change, ...]
    reason: Reason
    due: datetime


def outlook(
    group: Group, told: Told | None, *, now: datetime, woken: frozenset[str] = NOBODY
) -> Outlook | None:
    """The group's next notice, or None if nothing is to be told however long one waits.

    `woken` are episodes whose silence has just ended.
    """
    marks = told.marks if told else {}
    heard = [alert for alert in group.alerts if not alert.muted]
    changes = [
        (alert, reason)
        for alert in heard
        if (reason := _change(alert, marks.get(alert.alert_id), group.route, woken))
    ]
    changes += [
        (alert, Reason.RESOLVED)
        for alert in group.left
        if group.route.send_resolved and not alert.open and not alert.muted
    ]
    if not changes:
        return _repeat(group, told, heard)
    if not any(_is_known_open(alert, marks, group.route) for alert in group.alerts):
        first = {Reason.NEW_IN_GROUP: Reason.FIRST}
        changes = [(alert, first.get(reason, reason)) for alert, reason in changes]
    changes.sort(key=lambda change: (RANK[change[1]], change[0].severity, change[0].alert_id))
    due = _due(group.route, told, changes, woken, now)
    return Outlook(tuple(changes), changes[0][1], due)


def _is_known_open(alert: Alert, marks: Mapping[str, Mark], route: Route) -> bool:
    """Whether receivers have it as open, and it has been since; a route may tell no end."""
    mark = marks.get(alert.alert_id)
    if mark is None or not mark.open or alert.fires > mark.fires:
        return False
    return alert.open or route.send_resolved


def _change(alert: Alert, mark: Mark | None, route: Route, woken: frozenset[str]) -> Reason | None:
    """What of an alert is news; what fired and resolved before anybody heard of it is not."""
    if mark is None:
        return _news(alert)
    news = _difference(alert, mark, route) if alert.revision != mark.revision else None
    return news or (Reason.SILENCE_EXPIRED if alert.alert_id in woken else None)


def _news(alert: Alert) -> Reason | None:
    if alert.state is not AlertState.FIRING:
        return None
    return Reason.ESCALATED if alert.raises else Reason.NEW_IN_GROUP


def _difference(alert: Alert, mark: Mark, route: Route) -> Reason | None:
    news = (
        (Reason.ESCALATED, alert.open and alert.raises > mark.raises),
        (Reason.FLAPPING, alert.open and alert.flaps > mark.flaps),
        (Reason.NEW_IN_GROUP, alert.open and alert.fires > mark.fires),
        (Reason.ACK_EXPIRED, alert.state is AlertState.FIRING and alert.lapses > mark.lapses),
        (Reason.RETRACTED, alert.retracted > mark.retracted),
        (Reason.RESOLVED, not alert.open and mark.open and route.send_resolved),
        (Reason.AMENDED, alert.late > mark.late),
    )
    return next((reason for reason, so in news if so), None)


def _repeat(group: Group, told: Told | None, heard: Sequence[Alert]) -> Outlook | None:
    firing = [
        alert
        for alert in heard
        if told and alert.state is AlertState.FIRING and alert.alert_id in told.marks
    ]
    if told is None or not firing:
        return None
    firing.sort(key=lambda alert: (alert.severity, alert.alert_id))
    changes = tuple((alert, Reason.REPEAT) for alert in firing)
    return Outlook(changes, Reason.REPEAT, told.at + group.route.repeat_interval)


def _due(
    route: Route,
    told: Told | None,
    changes: Sequence[Change],
    woken: frozenset[str],
    now: datetime,
) -> datetime:
    """When the changes may be told: S0, a rise and the end of a silence or ack wait for nothing."""
    for alert, reason in changes:
        if reason in AT_ONCE or alert.severity == Severity.S0 or alert.alert_id in woken:
            return now
    if told is None:
        return min(alert.opened_at for alert, _ in changes) + route.group_wait
    return told.at + route.group_interval


@dataclass(frozen=True, slots=True)
class _Notice:
    """An intent, what its receiver knows afterwards, and whether it may be summed up."""

    intent: Intent
    told: Told
    loud: bool


def tell(
    groups: Iterable[Group],
    told: Mapping[ToldKey, Told],
    *,
    woken: frozenset[str],
    storm: int,
    now: datetime,
) -> tuple[tuple[Intent, ...], dict[ToldKey, Told]]:
    """The notices due now, and what receivers know after them.

    More than `storm` notices to one receiver become one summary that names their groups; those
    with an S0 stay apart (I15, I17).
    """
    known = dict(told)
    by_receiver: defaultdict[str, list[_Notice]] = defaultdict(list)
    for group in groups:
        last = known.get((group.key, group.route.receiver))
        view = outlook(group, last, now=now, woken=woken)
        if view is not None and view.due <= now:
            notice = _notice(group, last, view, now)
            known[(group.key, group.route.receiver)] = notice.told
            by_receiver[group.route.receiver].append(notice)
    intents: list[Intent] = []
    for receiver, notices in sorted(by_receiver.items()):
        intents += [notice.intent for notice in notices if notice.loud]
        quiet = [notice for notice in notices if not notice.loud]
        if len(quiet) <= storm:
            intents += [notice.intent for notice in quiet]
            continue
        intents.append(_summary(receiver, [notice.intent for notice in quiet]))
        for notice in quiet:
            known[(notice.intent.group, receiver)] = replace(notice.told, reason=Reason.STORM)
    return tuple(intents), known


def _notice(group: Group, last: Told | None, view: Outlook, now: datetime) -> _Notice:
    number = (last.number if last else 0) + (view.reason in BY_TIME)
    marks = dict(last.marks) if last else {}
    for alert in (*group.alerts, *group.left):
        if not alert.muted and (alert.open or alert.alert_id in marks):
            marks[alert.alert_id] = mark_of(alert)
    digest = state_hash(group.key, ((key, mark.revision) for key, mark in marks.items()), number)
    intent = Intent(
        group=group.key,
        receiver=group.route.receiver,
        reason=view.reason,
        state_hash=digest,
        route=group.route.name,
        severity=min(alert.severity for alert, _ in view.changes),
        labels=group.labels,
        changes=tuple((alert.alert_id, reason) for alert, reason in view.changes),
    )
    told = Told(group.route.name, group.labels, now, view.reason, digest, marks, number)
    return _Notice(intent, told, loud=intent.severity == Severity.S0)


def mark_of(alert: Alert) -> Mark:
    """What a receiver knows of an alert once told."""
    return Mark(
        alert.revision,
        alert.open,
        alert.raises,
        alert.fires,
        alert.flaps,
        alert.lapses,
        alert.retracted,
        alert.late,
    )


def _summary(receiver: str, notices: Sequence[Intent]) -> Intent:
    return Intent(
        group=key_of("storm", receiver),
        receiver=receiver,
        reason=Reason.STORM,
        state_hash=key_of("storm", *(part for n in notices for part in (n.group, n.state_hash))),
        route="",
        severity=min(notice.severity for notice in notices),
        labels=(),
        changes=(),
        groups=tuple(notice.group for notice in notices),
    )
