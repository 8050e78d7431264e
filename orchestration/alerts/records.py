"""What the reducer takes in, keeps and gives back. Times are UTC-aware; nothing here does I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, NamedTuple

from monitors.contract import Mode, Severity
from orchestration.alerts.matchers import Matcher

Status = Literal["complete", "stale", "failed"]
RunIntent = Literal["live", "late", "replay"]
Labels = tuple[tuple[str, str], ...]  # name and value, in the order of a route's group_by
Place = tuple[str, datetime, datetime, str | None]


class AlertState(StrEnum):
    """Where an alert is in its life. `pending`: found, and not yet settled."""

    PENDING = "pending"
    FIRING = "firing"
    ACKED = "acked"
    RESOLVED = "resolved"
    CLOSED = "closed"


OPEN = frozenset({AlertState.PENDING, AlertState.FIRING, AlertState.ACKED})


class Reason(StrEnum):
    """Why a notice is sent; of several, the first in this order names it."""

    STORM = "storm"
    ESCALATED = "escalated"
    FLAPPING = "flapping"
    FIRST = "first"
    NEW_IN_GROUP = "new_in_group"
    SILENCE_EXPIRED = "silence_expired"
    ACK_EXPIRED = "ack_expired"
    RETRACTED = "retracted"
    RESOLVED = "resolved"
    AMENDED = "amended"
    REPEAT = "repeat"


class OutcomeKind(StrEnum):
    """What became of a finding. Each one given gets one of the first five, and no other."""

    NEW = "new"  # opened an alert, or fired a resolved one again
    DUPLICATE = "duplicate"  # joined an alert and is counted there
    SUPPRESSED = "suppressed"  # of a replay or an outdated run: no alert, no notice
    AGAIN = "again"  # taken before, and the same
    AMENDED = "amended"  # taken before, with other content
    RETRACTED = "retracted"  # taken before, and no longer found


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One run of one monitor version on one partition `[partition, partition_end)`.

    `digest` is over its findings: equal digests mean equal findings.
    """

    monitor: str
    version: int
    partition: datetime
    partition_end: datetime
    as_of: datetime
    status: Status
    intent: RunIntent
    digest: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A score at or over its threshold; `digest` is over its content, which may be amended."""

    finding_id: str
    monitor: str
    version: int
    product: str
    harm: str
    severity: Severity
    entity_type: str
    entity: str
    subkey: str | None
    window_start: datetime
    window_end: datetime
    partition: datetime
    digest: str

    @property
    def place(self) -> Place:
        """Identity within monitor and partition, the same for every version of the monitor."""
        return (self.entity, self.window_start, self.window_end, self.subkey)


@dataclass(frozen=True, slots=True)
class Watched:
    """A monitor's effective mode and the team that owns it, as of this step."""

    mode: Mode
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Ack:
    """Who looks at an alert, and until when nobody else has to."""

    by: str
    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Alert:
    """One episode of a dedup key: the notifying state of the findings that share it.

    `severity` may be lowered by a person; `worst` is the highest severity found. `last_partition`
    is the end of the last partition it was found in. `count` counts findings ever taken, of which
    `retracted` no longer stand. `late` counts what late rows changed, `fires` how often it fired
    again, `flaps` how often soon after it was resolved, `lapses` acks that ran out. `revision`
    grows with every change a receiver may be told of. The flags `silenced_by`, `inhibited_by` and
    `shadow` mute notices only.
    """

    alert_id: str
    key: str
    monitor: str
    version: int
    product: str
    harm: str
    entity_type: str
    entity: str
    severity: Severity
    worst: Severity
    state: AlertState
    opened_at: datetime
    changed_at: datetime
    first_seen: datetime
    last_seen: datetime
    last_partition: datetime
    count: int = 1
    retracted: int = 0
    late: int = 0
    raises: int = 0
    fires: int = 0
    flaps: int = 0
    lapses: int = 0
    revision: int = 1
    ack: Ack | None = None
    silenced_by: tuple[str, ...] = ()
    inhibited_by: tuple[str, ...] = ()
    shadow: bool = False

    @property
    def open(self) -> bool:
        """Whether it is neither resolved nor closed."""
        return self.state in OPEN

    @property
    def standing(self) -> int:
        """Findings that have not been retracted."""
        return self.count - self.retracted

    @property
    def muted(self) -> bool:
        """Whether it takes part in no notice for now."""
        return self.shadow or bool(self.silenced_by or self.inhibited_by)


@dataclass(frozen=True, slots=True)
class Silence:
    """A person's wish to hear nothing of matching alerts in `[starts, ends)`."""

    silence_id: str
    matchers: tuple[Matcher, ...]
    starts: datetime
    ends: datetime
    owner: str
    reason: str


class Kept(NamedTuple):
    """A finding as it was taken."""

    finding_id: str
    digest: str
    key: str
    alert_id: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What the last evaluation of one monitor and partition said, by place of the finding."""

    version: int
    as_of: datetime
    status: Status
    digest: str
    findings: Mapping[Place, Kept] = field(default_factory=dict)


TakenKey = tuple[str, datetime, datetime]  # monitor, partition, partition end


class Mark(NamedTuple):
    """What a receiver was last told of one alert."""

    revision: int
    open: bool
    raises: int
    fires: int
    flaps: int
    lapses: int
    retracted: int
    late: int


@dataclass(frozen=True, slots=True)
class Told:
    """What a receiver was last told of one group: a row of the notification log.

    `labels` are those the group shares. `number` counts the notices that only time caused.
    """

    route: str
    labels: Labels
    at: datetime
    reason: Reason
    state_hash: str
    marks: Mapping[str, Mark]
    number: int = 0


ToldKey = tuple[str, str]  # group key, receiver


@dataclass(frozen=True, slots=True)
class State:
    """All that the next step needs to know.

    `alerts` by dedup key, without closed ones; `taken` of the recent past; `told` by group and
    receiver.
    """

    alerts: Mapping[str, Alert] = field(default_factory=dict)
    silences: Mapping[str, Silence] = field(default_factory=dict)
    taken: Mapping[TakenKey, Taken] = field(default_factory=dict)
    told: Mapping[ToldKey, Told] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Intent:
    """One notice to send: unique by (group, receiver, reason, state_hash).

    `changes` are the episodes that it is about, with the reason of each, worst first; a repeat
    names all that fire. `labels` are those the group shares. `groups` are the groups a storm's
    summary stands for; empty otherwise.
    """

    group: str
    receiver: str
    reason: Reason
    state_hash: str
    route: str
    severity: Severity
    labels: Labels
    changes: tuple[tuple[str, Reason], ...]
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one finding; `alert_id` is None where it touched no alert."""

    finding_id: str
    kind: OutcomeKind
    alert_id: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """A step's result. `closed` are the episodes that ended and left the state."""

    state: State
    intents: tuple[Intent, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    closed: tuple[Alert, ...] = ()
