"""What messages are made of: plain facts, gathered by others. Times are UTC-aware.

Entities are pseudonyms. People are ids of people.yaml, or Slack's user ids where a mention is
meant. Texts may hold anything: what builds a message escapes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, NamedTuple

from monitors.contract import Severity
from orchestration.alerts.records import AlertState, Labels, Reason

GroupState = Literal["firing", "acked", "resolved"]
HealthKind = Literal[
    "check", "asset", "tick", "outbox", "intake", "cap", "sla", "unknown", "notices"
]


class Quality(NamedTuple):
    """Lower bound of a monitor's precision, of 0 to 1, from `n` reviewed."""

    lower: float
    n: int


@dataclass(frozen=True, slots=True)
class MonitorView:
    """A monitor that found something. `precision` is None while too little of it is reviewed.

    `behaviour` is the first line of its documentation; `runbook` a path, or an https address.
    """

    id: str
    version: int
    mode: str
    behaviour: str
    owner: str
    runbook: str
    precision: Quality | None = None


@dataclass(frozen=True, slots=True)
class EntityView:
    """One alert of a group; `count` are its findings that stand, `entity` is a pseudonym."""

    alert_id: str
    entity: str
    state: AlertState
    severity: Severity
    count: int
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class GroupView:
    """One thread: the alerts of one group at one receiver, as they are now.

    `receiver` is a channel id. `findings` are those that stand. `newest` of them are of the newest
    `window`, an hour or a day, and `expected` are usual in such a one; None while nobody can know,
    or several monitors have several. `open` of `total`
    alerts are not resolved; `entities` are the first 20 of them, worst first. `snooze_max` is the
    longest silence of this severity. `delayed` is how much later than due the message leaves.
    `cases` are ids of those that have its alerts, the first to look at first.
    Without `interactive` nothing listens to buttons, so commands are named instead.
    """

    thread: str
    group: str
    receiver: str
    route: str
    state_hash: str
    labels: Labels
    severity: Severity
    state: GroupState
    monitors: tuple[MonitorView, ...]
    products: tuple[str, ...]
    harms: tuple[str, ...]
    since: datetime
    last_seen: datetime
    findings: int
    open: int
    total: int
    window: str
    why: str
    snooze_max: timedelta
    newest: int | None = None
    expected: float | None = None
    acked_by: str | None = None
    ack_until: datetime | None = None
    assigned_to: str | None = None
    on_call: str | None = None
    due_at: datetime | None = None
    next_notice_at: datetime | None = None
    muted: tuple[str, ...] = ()
    entities: tuple[EntityView, ...] = ()
    dagster_url: str | None = None
    cases: tuple[str, ...] = ()
    restricted: bool = False
    delayed: timedelta | None = None
    interactive: bool = True


@dataclass(frozen=True, slots=True)
class NoticeView:
    """Why a reply is written: the notice's reason, and how many alerts changed for which.

    `actor` is who caused it, if a person did; for an ack that ended, whose it was.
    """

    reason: Reason
    changes: Mapping[Reason, int]
    at: datetime
    actor: str | None = None
    note: str = ""


class Verb(StrEnum):
    """What a person does to a group."""

    ACK = "ack"
    ASSIGN = "assign"
    SNOOZE = "snooze"
    UNSNOOZE = "unsnooze"
    FALSE_POSITIVE = "false_positive"
    LOWER_SEVERITY = "lower_severity"
    INCIDENT = "incident"


@dataclass(frozen=True, slots=True)
class ActView:
    """What a person did to `count` alerts; `until` is None for what does not end by itself.

    Of an incident `about` is its id, and `count` how many cases it has.
    """

    verb: Verb
    actor: str
    at: datetime
    count: int
    until: datetime | None = None
    note: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as somebody may see it; of a restricted one that is not theirs, that it exists.

    Then `queue` and `state` are None. `due_at` is None for one that is closed. `others` are more
    cases of the same thread; `is_new`: it was opened just now.
    """

    case_id: str
    queue: str | None
    state: str | None
    due_at: datetime | None
    others: int = 0
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class StormView:
    """One summary instead of many notices: how many groups it stands for, by severity."""

    receiver: str
    state_hash: str
    groups: int
    by_severity: Mapping[Severity, int]
    at: datetime
    url: str | None = None
    delayed: timedelta | None = None


@dataclass(frozen=True, slots=True)
class DigestRow:
    """One group in a digest; `delta` is how many more are open than in the last digest."""

    alert_id: str
    monitor: str
    product: str
    harm: str
    severity: Severity
    state: GroupState
    open: int
    delta: int
    findings: int
    holder: str | None = None
    due_at: datetime | None = None
    url: str | None = None
    restricted: bool = False


@dataclass(frozen=True, slots=True)
class DigestView:
    """What is open, compared with the digest before it: daily, or at a change of shift.

    `rows` are all groups worth a line, gravest first; a message shows 20. `opened`, `resolved` and
    `open` count alerts since `since`. `outgoing` and `incoming` are who hands over to whom, None
    in a daily digest. `next_at` is None where no other is planned.
    """

    receiver: str
    since: datetime
    until: datetime
    rows: tuple[DigestRow, ...]
    opened: int
    resolved: int
    open: int
    outgoing: str | None = None
    incoming: str | None = None
    pages: int | None = None
    next_at: datetime | None = None
    url: str | None = None
    delayed: timedelta | None = None


@dataclass(frozen=True, slots=True)
class HealthItem:
    """One thing of Watchfloor itself that is wrong, and since when; `what` says it shortly.

    `until` is when it was last seen, None while it lasts.
    """

    kind: HealthKind
    name: str
    since: datetime
    what: str = ""
    url: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class HealthView:
    """Failed checks, late assets, failed ticks, and how old the oldest waiting row is.

    `items` last, `over` have ended, and `others` is how many more last that were told before.
    `outbox_age` is of the oldest unsent notice, `intake_age` of the last intake; None where
    nothing waits, or nothing was taken in yet. `fine` says that nothing lasts.
    """

    receiver: str
    at: datetime
    items: tuple[HealthItem, ...] = ()
    over: tuple[HealthItem, ...] = ()
    others: int = 0
    outbox_age: timedelta | None = None
    intake_age: timedelta | None = None
    fine: bool = False
    url: str | None = None
    delayed: timedelta | None = None


@dataclass(frozen=True, slots=True)
class EscalationView:
    """A step of a ladder, told at its own receiver: who is called first, or as nobody answered.

    `step` counts from 1 of `steps`. `waited` is since the ladder began. `next_to` hears of it at
    `next_at`, unless somebody acks.
    """

    group: GroupView
    receiver: str
    step: int
    steps: int
    to: tuple[str, ...]
    waited: timedelta
    next_to: tuple[str, ...] = field(default=())
    next_at: datetime | None = None
