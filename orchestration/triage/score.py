"""The triage score: how much a case matters, 0 to 100, and what made it so."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import fsum

from monitors.contract import Severity
from orchestration.triage.errors import TriageError

SEVERITY = {Severity.S0: 1.0, Severity.S1: 0.75, Severity.S2: 0.5, Severity.S3: 0.25}
FEATURES = ("severity", "violating", "reach", "vulnerability", "repeat", "age")
FULL = 100


@dataclass(frozen=True, slots=True)
class Features:
    """What is known of a case, each 0 to 1; None: unknown, which is not 0.

    `violating`: probability. `reach`: how far and fast it spreads. `vulnerability`: of victims.
    `repeat`: earlier strikes. `age`: share of the SLA used; over 1 counts as 1.
    """

    severity: Severity
    violating: float | None = None
    reach: float | None = None
    vulnerability: float | None = None
    repeat: float | None = None
    age: float | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """The value is the sum of the contributions; what was `unknown` contributes nothing."""

    value: float
    contributions: Mapping[str, float]
    unknown: tuple[str, ...] = ()


def score(features: Features, weights: Mapping[str, float]) -> Score:
    """100 times the weighted mean of what is known.

    The weight of what is unknown is shared among the rest in proportion, as if it were as grave as
    the mean of what is known: a gap in the data neither lowers nor raises a case. `weights` are
    those of queues.yaml: one per feature, that of severity above 0. Raises TriageError for a
    feature outside 0 to 1.
    """
    known = _scaled(features)
    whole = fsum(weights[name] for name in known)
    parts = {name: FULL * weights[name] * value / whole for name, value in known.items()}
    unknown = tuple(name for name in FEATURES if name not in known)
    return Score(fsum(parts.values()), parts, unknown)


def _scaled(features: Features) -> dict[str, float]:
    written = asdict(features) | {"severity": SEVERITY[features.severity]}
    if features.age is not None:
        written["age"] = min(features.age, 1.0)
    known = {name: written[name] for name in FEATURES if written[name] is not None}
    for name, value in known.items():
        if not 0 <= value <= 1:
            raise TriageError(f"The feature {name} is {value}; wanted 0 to 1, or None if unknown.")
    return known
