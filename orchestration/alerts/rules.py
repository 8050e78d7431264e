"""How alerts are told, muted and resolved: the settings of the reducer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from monitors.contract import Severity
from orchestration.alerts.errors import AlertError
from orchestration.alerts.matchers import LABELS, Matcher, check_matchers, known_label

CHANGING = frozenset({"severity", "mode"})  # an alert must not leave its group by itself
ZERO = timedelta(0)


@dataclass(frozen=True, slots=True)
class Route:
    """Where matching alerts are told, in which groups and how often; no matchers: all alerts.

    Raises AlertError when the intervals contradict each other: a repeat falls on an interval, so
    one that is no multiple would come later than written (Alertmanager #3389).
    """

    name: str
    receiver: str
    matchers: tuple[Matcher, ...] = ()
    goes_on: bool = False
    group_by: tuple[str, ...] = ("monitor",)
    group_wait: timedelta = ZERO
    group_interval: timedelta = timedelta(minutes=5)
    repeat_interval: timedelta = timedelta(hours=4)
    send_resolved: bool = True

    def __post_init__(self) -> None:
        if self.matchers:
            check_matchers(self.matchers)
        for label in self.group_by:
            known_label(label)
        refuse(self._wrong())

    def _wrong(self) -> dict[str, bool]:
        changing = [label for label in self.group_by if label in CHANGING]
        steady = ", ".join(label for label in LABELS if label not in CHANGING)
        every = self.group_interval
        return {
            f"group_by has {changing}, which change while an alert is open; group by {steady}.": (
                bool(changing)
            ),
            f"group_wait is {self.group_wait}; wanted at least 0s.": self.group_wait < ZERO,
            f"group_interval is {every}; wanted more than 0s.": every <= ZERO,
            f"repeat_interval {self.repeat_interval} is no multiple of group_interval {every}; "
            "make it one, at least as long.": (
                every > ZERO
                and (self.repeat_interval < every or bool(self.repeat_interval % every))
            ),
        }


@dataclass(frozen=True, slots=True)
class Inhibition:
    """Open alerts that match `source` mute those that match `target` and share `equal` labels.

    An alert without one of the `equal` labels takes no part. One that matches both sides is a
    source only.
    """

    name: str
    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...]

    def __post_init__(self) -> None:
        check_matchers(self.source)
        check_matchers(self.target)
        if not self.equal:
            raise AlertError(
                "equal is empty, so one alert would mute all targets; name a label, as in product."
            )
        for label in self.equal:
            known_label(label)


ACK_FOR: Mapping[Severity, timedelta] = {
    Severity.S0: timedelta(hours=2),
    Severity.S1: timedelta(hours=8),
    Severity.S2: timedelta(days=1),
    Severity.S3: timedelta(days=3),
}
MAX_SILENCE: Mapping[Severity, timedelta] = {
    Severity.S0: timedelta(hours=2),
    Severity.S1: timedelta(hours=8),
    Severity.S2: timedelta(days=3),
    Severity.S3: timedelta(days=14),
}


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of the reducer; the last route takes what no other took.

    `resolve_after` counts complete evaluations without a finding, which must also reach `clean_for`
    beyond the last that found it. `storm` is how many notices one
    receiver gets in a step before they become one summary. `horizon` is how old an unseen
    partition may be to be told of when a replay made it. `memory` is how long evaluations are
    remembered; whatever is older changes nothing.
    """

    routes: tuple[Route, ...]
    inhibitions: tuple[Inhibition, ...] = ()
    resolve_after: int = 2
    clean_for: timedelta = ZERO
    flap_window: timedelta = timedelta(hours=12)
    quiet: timedelta = timedelta(days=7)
    storm: int = 20
    horizon: timedelta = timedelta(hours=48)
    memory: timedelta = timedelta(days=14)
    ack_for: Mapping[Severity, timedelta] = field(default_factory=lambda: ACK_FOR)
    max_silence: Mapping[Severity, timedelta] = field(default_factory=lambda: MAX_SILENCE)

    def __post_init__(self) -> None:
        wrong = dict.fromkeys((text for _, text in between_routes(self.routes)), True)
        refuse(wrong | self._wrong())

    def _wrong(self) -> dict[str, bool]:
        needed = max(self.quiet, self.horizon)
        missing = [s.name for s in Severity if s not in self.ack_for or s not in self.max_silence]
        return {
            f"resolve_after is {self.resolve_after}; count from 1.": self.resolve_after < 1,
            f"clean_for is {self.clean_for}; wanted at least 0s.": self.clean_for < ZERO,
            f"storm is {self.storm}; count from 1.": self.storm < 1,
            f"memory {self.memory} is shorter than quiet {self.quiet} or horizon {self.horizon}; "
            "make it at least as long as both.": self.memory < needed,
            f"ack_for or max_silence lacks {', '.join(missing)}; give every severity a time.": (
                bool(missing)
            ),
        }


def between_routes(routes: Sequence[Route]) -> list[tuple[int, str]]:
    """What is wrong with routes as a whole: the place of a route, and what to do about it."""
    if not routes:
        return [(0, "There are no routes; write at least one.")]
    last = len(routes) - 1
    names = [route.name for route in routes]
    found = [
        (at, f"route '{route.name}' has the name of an earlier one; give it its own.")
        for at, route in enumerate(routes)
        if route.name in names[:at]
    ]
    found += [
        (
            at,
            f"route '{route.name}' takes every alert from those after it; move it to the end.",
        )
        for at, route in enumerate(routes[:last])
        if not route.matchers and not route.goes_on
    ]
    if routes[last].matchers or routes[last].goes_on:
        found.append(
            (last, "the last route must take every alert; end with one without match and continue.")
        )
    return found


def refuse(wrong: Mapping[str, bool]) -> None:
    """Raise AlertError with every text whose answer is true."""
    found = [text for text, is_so in wrong.items() if is_so]
    if found:
        raise AlertError(" ".join(found))
