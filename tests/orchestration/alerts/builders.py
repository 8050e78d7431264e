"""Literal inputs of the reducer, short to write."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from monitors.contract import Mode, Severity
from orchestration.alerts.actions import ack, silence
from orchestration.alerts.matchers import parse_matcher
from orchestration.alerts.records import (
    Alert,
    Evaluation,
    Finding,
    Intent,
    RunIntent,
    Silence,
    State,
    Status,
    Step,
    Watched,
)
from orchestration.alerts.reducer import step
from orchestration.alerts.rules import Config, Route

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
START = datetime(2026, 3, 2, tzinfo=UTC)
SPAM, THEFT = "chat/mass_dm", "api/key_theft"
WATCHED = {SPAM: Watched(Mode.REVIEW, "chat-team"), THEFT: Watched(Mode.REVIEW, "api-team")}
HOURLY = Route(
    "all", "#abuse", group_by=("monitor",), group_interval=MINUTE, repeat_interval=4 * HOUR
)
CONFIG = Config((HOURLY,))


def at(hour: float) -> datetime:
    """That many hours after the start."""
    return START + hour * HOUR


def evaluation(
    hour: int,
    *,
    monitor: str = SPAM,
    status: Status = "complete",
    intent: RunIntent = "live",
    version: int = 1,
    as_of: datetime | None = None,
    digest: str = "",
) -> Evaluation:
    """Of the hour that begins so many hours after the start, evaluated five minutes after it."""
    return Evaluation(
        monitor,
        version,
        at(hour),
        at(hour + 1),
        as_of or at(hour + 1) + 5 * MINUTE,
        status,
        intent,
        digest or f"{hour}{status}{intent}{version}{as_of}",
    )


def finding(
    hour: int,
    entity: str = "a",
    *,
    monitor: str = SPAM,
    severity: Severity = Severity.S2,
    version: int = 1,
    digest: str = "d",
) -> Finding:
    product, _ = monitor.split("/")
    return Finding(
        f"{monitor} {version} {hour} {entity}",
        monitor,
        version,
        product,
        "spam",
        severity,
        "account_id",
        entity,
        None,
        at(hour),
        at(hour + 1),
        at(hour),
        digest,
    )


@dataclass
class Desk:
    """A state that steps go over, one after another, with all that they told."""

    config: Config = CONFIG
    watched: dict[str, Watched] = field(default_factory=lambda: dict(WATCHED))
    state: State = field(default_factory=State)
    told: list[Intent] = field(default_factory=list)

    def step(
        self,
        hour: float,
        *evaluations: Evaluation,
        found: tuple[Finding, ...] = (),
    ) -> Step:
        """Take a step so many hours after the start."""
        after = step(
            self.state,
            evaluations=evaluations,
            findings=found,
            watched=self.watched,
            now=at(hour),
            config=self.config,
        )
        self.state = after.state
        self.told += after.intents
        return after

    def tick(self, hour: int, *found: Finding, **changed: object) -> Step:
        """Evaluate the hour, with these findings, five minutes after its end."""
        return self.step(hour + 1 + 1 / 12, evaluation(hour, **changed), found=found)  # type: ignore[arg-type]

    def reasons(self) -> list[str]:
        """Why notices were sent, so far."""
        return [intent.reason.value for intent in self.told]

    def alert(self, entity: str = "a", monitor: str = SPAM) -> Alert:
        """The alert of an entity."""
        return next(
            alert
            for alert in self.state.alerts.values()
            if (alert.entity, alert.monitor) == (entity, monitor)
        )

    def ack(self, hour: float, entity: str = "a") -> None:
        self.state = ack(
            self.state,
            alert_id=self.alert(entity).alert_id,
            by="ana",
            now=at(hour),
            config=self.config,
        )

    def silence(self, start: float, end: float, matcher: str = f'monitor="{SPAM}"') -> None:
        new = Silence(f"s{start}", (parse_matcher(matcher),), at(start), at(end), "ana", "a drill")
        self.state = silence(self.state, new, now=at(start), config=self.config)

    def set(self, **changed: object) -> None:
        """Change settings, as an edited file would."""
        self.config = replace(self.config, **changed)  # type: ignore[arg-type]
