"""A roll-out compared: entities that are acted on automatically against those left to people."""

from dataclasses import dataclass

import polars as pl
from scipy.stats import norm

from orchestration.measurement.errors import MeasurementError
from orchestration.measurement.estimates import (
    CONFIDENCE,
    Estimate,
    check_columns,
    check_counts,
    check_whole,
    nothing,
    tail_of,
)
from orchestration.measurement.quality import LEAST
from orchestration.measurement.rates import wilson

CANDIDATE, CONTROL = "candidate", "control"
ARMS = (CANDIDATE, CONTROL)
# Each outcome, and whether more of it is better. Null: the entity says nothing of it.
OUTCOMES = {"violating": True, "appealed": False, "overturned": False, "repeated": False}
METHOD = "Newcombe's hybrid score interval"


@dataclass(frozen=True, slots=True)
class Compared:
    """One outcome in both arms, and by how much the candidate's share is higher.

    `state`: "insufficient" where an arm has under 14 entities that say something; then the
    difference is null. "worse" where all of its interval is on the bad side; else "alike".
    """

    outcome: str
    candidate: Estimate
    control: Estimate
    difference: Estimate
    state: str

    @property
    def is_worse(self) -> bool:
        """Whether the candidate surely does worse."""
        return self.state == "worse"


def compare(entities: pl.DataFrame, confidence: float = CONFIDENCE) -> list[Compared]:
    """Compare entities[entity, arm, violating, appealed, overturned, repeated], one row each.

    `arm` is candidate or control. Shares have Wilson's intervals. Raises MeasurementError for an
    entity twice, an arm of another name, and columns that are missing.
    """
    tail_of(confidence)
    check_columns("entities", entities, ("entity", "arm", *OUTCOMES))
    check_whole("entities", entities, ("entity", "arm"))
    if entities["entity"].is_duplicated().any():
        raise MeasurementError("An entity is given twice; wanted one row each. Add them up.")
    others = set(entities["arm"].unique()) - set(ARMS)
    if others:
        raise MeasurementError(
            f"{len(others)} arms are neither {CANDIDATE} nor {CONTROL}; wanted these two. Rename."
        )
    return [_compared(entities, name, confidence) for name in OUTCOMES]


def newcombe(
    first: tuple[int, int], second: tuple[int, int], confidence: float = CONFIDENCE
) -> Estimate:
    """The difference k1/n1 - k2/n2 of two shares, each given as (k, n).

    d - root((p1 - l1)^2 + (u2 - p2)^2) to d + root((u1 - p1)^2 + (p2 - l2)^2), with Wilson's ends
    l and u (Newcombe, 1998, method 10). Null where one is of nothing; `n` is of both together.
    Raises MeasurementError for counts that cannot be.
    """
    tail = tail_of(confidence)
    n = first[1] + second[1]
    if 0 in {first[1], second[1]}:
        for k, size in (first, second):
            check_counts(k, size)
        return nothing(n, METHOD, confidence)
    (p1, l1, u1), (p2, l2, u2) = (_score(k, size, tail) for k, size in (first, second))
    d = p1 - p2
    lower = d - ((p1 - l1) ** 2 + (u2 - p2) ** 2) ** 0.5
    upper = d + ((u1 - p1) ** 2 + (p2 - l2) ** 2) ** 0.5
    return Estimate(d, max(-1.0, lower), min(1.0, upper), n, METHOD, confidence)


def _compared(entities: pl.DataFrame, name: str, confidence: float) -> Compared:
    known = entities.filter(pl.col(name).is_not_null())
    counts = [
        (int(some[name].cast(pl.Int64).sum()), some.height)
        for some in (known.filter(arm=arm) for arm in ARMS)
    ]
    candidate, control = (wilson(k, n, confidence) for k, n in counts)
    if min(n for _, n in counts) < LEAST:
        empty = nothing(sum(n for _, n in counts), METHOD, confidence)
        return Compared(name, candidate, control, empty, "insufficient")
    found = newcombe(counts[0], counts[1], confidence)
    state = "worse" if _bad(found, more_is_better=OUTCOMES[name]) else "alike"
    return Compared(name, candidate, control, found, state)


def _bad(found: Estimate, *, more_is_better: bool) -> bool:
    if found.lower is None or found.upper is None:
        return False
    return found.upper < 0 if more_is_better else found.lower > 0


def _score(k: int, n: int, tail: float) -> tuple[float, float, float]:
    """A share with Wilson's own ends: those for display are wider with few hits or misses."""
    check_counts(k, n)
    p, z2 = k / n, float(norm.ppf(1 - tail / 2)) ** 2
    whole = 1 + z2 / n
    centre = (p + z2 / (2 * n)) / whole
    half = (z2 * (p * (1 - p) / n + z2 / (4 * n * n))) ** 0.5 / whole
    return p, centre - half, centre + half
