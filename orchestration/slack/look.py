"""Looks up what a thread's message shows: the alerts of its group as they are now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, select

from monitors.contract import Severity
from monitors.registry import Registry
from orchestration.acts.threads import Thread, alerts_of, hash_of
from orchestration.alerts.records import Ack, Alert, AlertState, Watched
from orchestration.health.drift import drift
from orchestration.health.history import history
from orchestration.intake.rules import Rules
from orchestration.lake import Lake
from orchestration.ledger.tables import escalations, intake, told
from orchestration.measurement.quality import qualities
from orchestration.oncall.ladders import OnCall
from orchestration.oncall.rota import ladder_for, on_call
from orchestration.partitions import DAY
from orchestration.slack.casework import cases_of
from orchestration.slack.errors import SlackMessageError
from orchestration.slack.views import EntityView, GroupState, GroupView, MonitorView, Quality

SHOWN = 20
HISTORY_DAYS = 28
FIRING = (AlertState.PENDING, AlertState.FIRING)
STANDING = (*FIRING, AlertState.ACKED)


@dataclass(frozen=True, slots=True)
class Scene:
    """Where to look: the lake, the monitors with their modes, the rules, and addresses."""

    lake: Lake
    registry: Registry
    watched: Mapping[str, Watched]
    rules: Rules
    dagster_url: str
    interactive: bool


@dataclass(frozen=True, slots=True)
class _Rate:
    """Findings of the newest evaluation of one monitor, and how many are usual; None: not known."""

    newest: int | None = None
    window: str = "hour"
    expected: float | None = None


def group_view(
    connection: Connection,
    scene: Scene,
    thread: Thread,
    *,
    now: datetime,
    is_rated: bool = True,
) -> GroupView:
    """A thread's group as of now. Alerts of episodes that have closed are still shown.

    How many findings are usual takes the lake; it is left out unless `is_rated`. Raises
    SlackMessageError for a thread so long over that nothing names its alerts any more.
    """
    alerts = alerts_of(connection, thread)
    if not alerts:
        raise SlackMessageError(
            f"No alert of thread {thread.thread_id[:12]} is known any more; it ended long ago. "
            "Look at `watchfloor alerts list`."
        )
    view = _measured(connection, _found(scene, thread, alerts), now)
    names = [monitor.id for monitor in view.monitors]
    rate = _rate(connection, scene, names) if is_rated else _Rate()
    firing = view.state == "firing"
    return replace(
        view,
        newest=rate.newest,
        expected=rate.expected,
        window=rate.window,
        on_call=_on_call(scene, names, view.severity, now),
        due_at=view.ack_until or _next_step(connection, thread),
        next_notice_at=_next_notice(connection, scene, thread) if firing else None,
        cases=_cases(connection, alerts),
    )


def _cases(connection: Connection, alerts: Sequence[Alert]) -> tuple[str, ...]:
    """Ids of the cases that have its alerts."""
    found = cases_of(connection, [alert.alert_id for alert in alerts])
    return tuple(case.case_id for case in found)


def _found(scene: Scene, thread: Thread, alerts: Sequence[Alert]) -> GroupView:
    """The group as its alerts have it."""
    standing = [alert for alert in alerts if alert.open] or alerts
    worst = sorted(standing, key=lambda a: (a.severity, -a.last_seen.timestamp(), a.alert_id))
    names = sorted({alert.monitor for alert in alerts})
    state, severity = _state(alerts), min(alert.severity for alert in standing)
    ack = _last_ack(standing) if state == "acked" else None
    return GroupView(
        thread=thread.thread_id,
        group=thread.group_key,
        receiver=thread.receiver,
        route=thread.route,
        state_hash=hash_of(thread, alerts),
        labels=thread.labels,
        severity=severity,
        state=state,
        monitors=tuple(_monitor(scene, name, alerts) for name in names),
        products=tuple(sorted({alert.product for alert in alerts})),
        harms=tuple(sorted({alert.harm for alert in alerts})),
        since=min(alert.first_seen for alert in standing),
        last_seen=max(alert.last_seen for alert in standing),
        findings=sum(alert.standing for alert in standing),
        window=_Rate().window,
        open=sum(alert.open for alert in alerts),
        total=len(alerts),
        why=_why(thread, severity),
        snooze_max=scene.rules.config.max_silence[severity],
        acked_by=ack.by if ack else None,
        ack_until=ack.until if ack else None,
        assigned_to=thread.assigned_to,
        muted=_muted(standing),
        entities=tuple(_entity(alert) for alert in worst[:SHOWN]),
        dagster_url=page_of(scene, names),
        interactive=scene.interactive,
    )


def _last_ack(standing: Sequence[Alert]) -> Ack | None:
    """The ack that ends last."""
    acks = [alert.ack for alert in standing if alert.ack]
    return max(acks, key=lambda one: one.until, default=None)


def _state(alerts: Sequence[Alert]) -> GroupState:
    states = {alert.state for alert in alerts}
    if states & set(FIRING):
        return "firing"
    return "acked" if AlertState.ACKED in states else "resolved"


def _monitor(scene: Scene, name: str, alerts: Sequence[Alert]) -> MonitorView:
    """A monitor as it is now; one whose file is gone is known by its alerts alone."""
    version = max(alert.version for alert in alerts if alert.monitor == name)
    known, watched = scene.registry.monitors.get(name), scene.watched.get(name)
    return MonitorView(
        id=name,
        version=version,
        mode=watched.mode.value if watched else "not watched",
        behaviour=known.behaviour if known else "Its file is gone.",
        owner=known.owner if known else "nobody",
        runbook=known.runbook if known else "",
    )


def _measured(connection: Connection, view: GroupView, now: datetime) -> GroupView:
    """The view with each monitor's precision, as far as this version's is measured by now."""
    found = qualities(connection, [(one.id, one.version) for one in view.monitors], now)
    monitors = []
    for monitor in view.monitors:
        quality = found[monitor.id, monitor.version]
        if quality.state == "measured" and quality.lower is not None:
            monitors.append(replace(monitor, precision=Quality(quality.lower, quality.n)))
        else:
            monitors.append(monitor)
    return replace(view, monitors=tuple(monitors))


def _rate(connection: Connection, scene: Scene, names: Sequence[str]) -> _Rate:
    """Of one monitor, its newest evaluation with findings against its history."""
    if len(names) != 1:
        return _Rate()
    newest = (
        select(intake.c.partition, intake.c.partition_end, intake.c.findings)
        .where(intake.c.monitor == names[0], intake.c.status == "complete", intake.c.findings > 0)
        .order_by(intake.c.partition_end.desc())
        .limit(1)
    )
    row = connection.execute(newest).one_or_none()
    if row is None:
        return _Rate()
    start, end, findings = row
    window = "day" if end - start == DAY else "hour"
    return _Rate(findings, window, _expected(scene, names[0], start, findings))


def _expected(scene: Scene, name: str, start: datetime, findings: int) -> float | None:
    """Findings that are usual in such a partition; None while its history is too short."""
    product, _, monitor = name.partition("/")
    rows = history(scene.lake, product, until=start + DAY, days=HISTORY_DAYS)
    mine = rows.filter(rows["monitor"] == monitor)
    own = mine.filter(mine["partition"] == start)
    past = mine.filter(mine["partition"] < start)
    if own.is_empty() or past.is_empty():
        return None
    return drift(past, partition=start, hits=findings, scored=own["scored"][-1]).expected


def _why(thread: Thread, severity: Severity) -> str:
    shared = ", ".join(f"{name} {value}" for name, value in thread.labels) or "everything"
    return f"This channel is told of {severity.name} alerts of {shared}."


def _on_call(scene: Scene, names: Sequence[str], severity: Severity, now: datetime) -> str | None:
    """Who is on call: a mention where they are to be woken, which is S0 and S1, else their id.

    Of the first owner with a rota, or else whom the ladder calls first; None where nobody is.
    """
    rota = scene.rules.rota
    owners = [w.owner for name in names if (w := scene.watched.get(name))]
    teams = [owner for owner in owners if owner in rota.teams] or [
        step.target.team
        for owner in owners
        if (ladder := ladder_for(rota, severity, owner))
        for step in ladder.steps
        if isinstance(step.target, OnCall)
    ]
    if not teams:
        return None
    who = on_call(rota, teams[0], now)
    return scene.rules.roster.person(who).slack if severity <= Severity.S1 else who


def _next_step(connection: Connection, thread: Thread) -> datetime | None:
    step = select(escalations.c.next_at).where(
        escalations.c.thread_id == thread.thread_id, escalations.c.stopped_by.is_(None)
    )
    found: datetime | None = connection.execute(step).scalar_one_or_none()
    return found


def _next_notice(connection: Connection, scene: Scene, thread: Thread) -> datetime | None:
    last = select(told.c.at).where(told.c.thread_id == thread.thread_id)
    at: datetime | None = connection.execute(last).scalar_one_or_none()
    routes = {route.name: route for route in scene.rules.config.routes}
    route = routes.get(thread.route)
    return at + route.repeat_interval if at and route else None


def _muted(standing: Sequence[Alert]) -> tuple[str, ...]:
    silences = sorted({by for alert in standing for by in alert.silenced_by})
    inhibitors = sorted({by for alert in standing for by in alert.inhibited_by})
    return (
        *(f"silence {name[:12]}" for name in silences),
        *(f"alert {name[:12]} explains it" for name in inhibitors),
    )


def _entity(alert: Alert) -> EntityView:
    return EntityView(
        alert.alert_id, alert.entity, alert.state, alert.severity, alert.standing, alert.last_seen
    )


def page_of(scene: Scene, names: Sequence[str]) -> str | None:
    """Dagster's page of the monitor, or of the product's monitors where there are several."""
    products = {name.partition("/")[0] for name in names}
    if not scene.dagster_url or len(products) != 1:
        return scene.dagster_url or None
    product = next(iter(products))
    if len(names) > 1:
        return f"{scene.dagster_url}/asset-groups"
    return f"{scene.dagster_url}/assets/{product}/monitors/{names[0].partition('/')[2]}"
