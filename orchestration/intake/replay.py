"""Who would have been told what: the pure reducer over a span of the lake. Writes nothing."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from monitors.contract import Severity
from orchestration.alerts.records import (
    Evaluation,
    Intent,
    OutcomeKind,
    Reason,
    State,
    Step,
    Watched,
)
from orchestration.alerts.reducer import step
from orchestration.alerts.rules import Config
from orchestration.intake.manifests import Evaluated

IN_TIME = timedelta(hours=1)
AFTER = timedelta(minutes=5)  # hour H is evaluated at H+1:05
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SHIFT = timedelta(hours=8)
PAGES = (Severity.S0, Severity.S1)


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice that would have been sent, and when."""

    at: datetime
    intent: Intent


@dataclass(frozen=True, slots=True)
class Tally:
    """What one route would have told one receiver; a summary of a storm has no route.

    `alerts` are different ones told of. `pages` are notices of S0 and S1, `per_shift` their mean
    and `busiest` their most in a shift of eight hours. `duplicates` are findings that joined one
    of the alerts, `auto_resolved` is the share of alerts that resolved, none of which a person had
    touched; null where there are no alerts.
    """

    receiver: str
    route: str
    notices: int
    alerts: int
    pages: int
    per_shift: float
    busiest: int
    duplicates: int
    auto_resolved: float | None
    storms: int
    reasons: Mapping[Reason, int]


@dataclass(frozen=True, slots=True)
class Replayed:
    """All that would have been told, oldest first, and sums by receiver and route."""

    evaluations: int
    findings: int
    alerts: int
    notices: tuple[Notice, ...]
    tallies: tuple[Tally, ...]


def replay(
    evaluated: Sequence[Evaluated],
    *,
    start: datetime,
    end: datetime,
    watched: Mapping[str, Watched],
    config: Config,
) -> Replayed:
    """Step from an empty state over the partitions that end after `start` and up to `end`.

    Each counts as run in its own time, and as live: at its `as_of`, or five minutes after its end
    where it was run later, as by a backfill. Time passes every hour between.
    """
    chosen = [one for one in evaluated if start < one.evaluation.partition_end <= end]
    at = _by_tick(chosen, start, end)
    state, log = State(), _Log()
    for now in sorted(at):
        done = step(
            state,
            evaluations=[one.evaluation for one in at[now]],
            findings=[finding for one in at[now] for finding in one.findings],
            watched=watched,
            now=now,
            config=config,
        )
        log.add(now, done)
        state = done.state
    findings = sum(len(one.findings) for one in chosen)
    shifts = max(-((start - end) // SHIFT), 1)
    return Replayed(
        len(chosen),
        findings,
        len(log.opened),
        tuple(log.notices),
        tuple(_tallies(log, start, shifts)),
    )


Place = tuple[str, str]  # receiver and route


@dataclass
class _Log:
    """What the steps told, and what became of the alerts."""

    notices: list[Notice] = field(default_factory=list)
    told: defaultdict[Place, set[str]] = field(default_factory=lambda: defaultdict(set))
    joined: Counter[str] = field(default_factory=Counter)
    opened: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)

    def add(self, now: datetime, done: Step) -> None:
        """Note one step."""
        self.notices += [Notice(now, intent) for intent in done.intents]
        for intent in done.intents:
            for place, alert_id in _alerts(intent, done.state):
                self.told[place].add(alert_id)
        for outcome in done.outcomes:
            if outcome.kind is OutcomeKind.DUPLICATE and outcome.alert_id:
                self.joined[outcome.alert_id] += 1
        for alert in (*done.state.alerts.values(), *done.closed):
            self.opened.add(alert.alert_id)
            (self.ended.discard if alert.open else self.ended.add)(alert.alert_id)


def _alerts(intent: Intent, state: State) -> Iterator[tuple[Place, str]]:
    """The alerts that a notice speaks of; those of a storm are told by the routes of its groups."""
    for alert_id, _ in intent.changes:
        yield (intent.receiver, intent.route), alert_id
    for group in intent.groups:
        last = state.told.get((group, intent.receiver))
        for alert_id, mark in last.marks.items() if last else ():
            if mark.open and last:
                yield (intent.receiver, last.route), alert_id


def _by_tick(
    evaluated: Sequence[Evaluated], start: datetime, end: datetime
) -> dict[datetime, list[Evaluated]]:
    """What is taken in at each moment; moments of whole minutes, and one in every hour."""
    at: defaultdict[datetime, list[Evaluated]] = defaultdict(list)
    hour = start.replace(minute=0, second=0, microsecond=0) + AFTER
    while hour <= end:
        if hour >= start:
            at[hour] = []
        hour += HOUR
    for one in evaluated:
        evaluation = _in_time(one.evaluation)
        at[_minute(evaluation.as_of)].append(replace(one, evaluation=evaluation))
    return at


def _in_time(evaluation: Evaluation) -> Evaluation:
    late = evaluation.as_of > evaluation.partition_end + IN_TIME
    as_of = evaluation.partition_end + AFTER if late else evaluation.as_of
    return replace(evaluation, as_of=as_of, intent="live")


def _minute(at: datetime) -> datetime:
    """The whole minute at or after a moment."""
    whole = at.astimezone(UTC).replace(second=0, microsecond=0)
    return whole if whole == at else whole + MINUTE


def _tallies(log: _Log, start: datetime, shifts: int) -> Iterator[Tally]:
    by_place: defaultdict[Place, list[Notice]] = defaultdict(list)
    for notice in log.notices:
        by_place[(notice.intent.receiver, notice.intent.route)].append(notice)
    for place in sorted(by_place.keys() | log.told.keys()):
        notices, alerts = by_place[place], log.told[place]
        pages = [notice for notice in notices if notice.intent.severity in PAGES]
        of_shift = Counter((notice.at - start) // SHIFT for notice in pages)
        ended = len(alerts & log.ended)
        yield Tally(
            *place,
            notices=len(notices),
            alerts=len(alerts),
            pages=len(pages),
            per_shift=len(pages) / shifts,
            busiest=max(of_shift.values(), default=0),
            duplicates=sum(log.joined[alert_id] for alert_id in alerts),
            auto_resolved=ended / len(alerts) if alerts else None,
            storms=sum(notice.intent.reason is Reason.STORM for notice in notices),
            reasons=Counter(notice.intent.reason for notice in notices),
        )
