"""How good a monitor's version is, from judgements of the units that were drawn."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection

from orchestration.ledger.ids import check_time
from orchestration.ledger.labels import OF_DRAWS, Label, labels_of, latest
from orchestration.measurement.precision import lower_bound
from orchestration.measurement.sampling import UNIFORM

State = Literal["insufficient", "measured", "stale"]
LEAST = 14  # with fewer, all of them right, the bound is under 0.80, which the mildest action needs
FRESH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class MonitorQuality:
    """k of n drawn units were violating; `lower` bounds the precision, one-sided 95 %.

    `lower` and `newest_label` are null where n is 0. `newest_label` is of the newest label that
    records the draw of a counted unit. Only what is `measured` may be relied on.
    """

    n: int
    k: int
    lower: float | None
    newest_label: datetime | None
    state: State


def quality(connection: Connection, monitor: str, version: int, now: datetime) -> MonitorQuality:
    """The quality of one version of a monitor; labels of other versions say nothing of it.

    Raises LedgerError for a time without a zone.
    """
    return qualities(connection, [(monitor, version)], now)[monitor, version]


def qualities(
    connection: Connection, versions: Iterable[tuple[str, int]], now: datetime
) -> dict[tuple[str, int], MonitorQuality]:
    """The quality of many monitors' versions, each there even if it has no label."""
    wanted, moment = list(versions), check_time("now", now)
    found: defaultdict[tuple[str | None, int | None], list[Label]] = defaultdict(list)
    for label in labels_of(connection, wanted):
        found[label.monitor, label.monitor_version].append(label)
    return {version: measured(found[version], moment) for version in wanted}


def measured(labels: Iterable[Label], now: datetime) -> MonitorQuality:
    """What all labels of one version come to.

    A unit is drawn once a label says so; a later label without a probability corrects its value
    and does not take it out, or what is disputed would be missing.
    """
    every = sorted(labels, key=lambda label: (label.created_at, label.label_id))
    of_slice = [label for label in every if _is_of_slice(label)]
    first: dict[str, Label] = {}
    for label in of_slice:
        first.setdefault(label.unit_id, label)
    # Where the share was changed, units had unequal chances: those of the newest share count.
    share = list(first.values())[-1].inclusion_prob if first else None
    counted = {unit for unit, draw in first.items() if draw.inclusion_prob == share}
    values = [label.value for label in latest(every) if label.unit_id in counted]
    n, k = len(values), sum(values)
    times = [label.created_at for label in of_slice if label.unit_id in counted]
    newest = max(times, default=None)
    return MonitorQuality(n, k, lower_bound(k, n), newest, _state(n, newest, now))


def _is_of_slice(label: Label) -> bool:
    return label.source in OF_DRAWS and label.stratum == UNIFORM


def _state(n: int, newest: datetime | None, now: datetime) -> State:
    if newest is None or n < LEAST:
        return "insufficient"
    return "stale" if now - newest > FRESH else "measured"
