"""Labels: what is true of a unit, by whose judgement. The one place that writes them."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, RowMapping, insert, select, tuple_

from orchestration.ledger.acts import Act
from orchestration.ledger.audit import Change, append_all
from orchestration.ledger.database import writer
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.ids import check_id, check_time, digest_record
from orchestration.ledger.tables import alerts
from orchestration.ledger.tables import labels as table

T = TypeVar("T")
BATCH = 500
MISSED = "missed:"  # begins the unit of what no monitor found
SCORED = (
    "scored:"  # begins the unit of a window that a monitor scored, whether it flagged it or not
)


class Source(StrEnum):
    """How a label came about."""

    CANDIDATE = "candidate"  # somebody holds the alert for false; asks for a review
    CASE = "case"  # a decision on a unit that was not drawn
    RANDOM = "random"  # a decision on a drawn unit
    FLAG_REVIEW = "flag_review"
    GOLDEN = "golden"
    APPEAL = "appeal"
    ADJUDICATION = "adjudication"
    MISSED = "missed"  # somebody found what no monitor did
    LLM = "llm"


# What a draw's probability may be recorded with. Appellants choose themselves, cases by priority.
OF_DRAWS = frozenset({Source.RANDOM, Source.FLAG_REVIEW, Source.ADJUDICATION})
JUDGEMENTS = OF_DRAWS | {Source.CASE, Source.APPEAL}
OF_SCORED = OF_DRAWS | {Source.GOLDEN, Source.LLM}  # only a draw puts a window before anybody
OF_WINDOWS = frozenset({"flagged", "near", "bulk", "null"})  # strata; `uniform` is of episodes


@dataclass(frozen=True, slots=True)
class Label:
    """One judgement of one unit. `value`: it is what the monitor says it is, or would say.

    A unit is an alert's id, or `scored:` with the digest of a window that the monitor scored.
    What no monitor found has neither: its unit is `missed:` with the case and the entity, its
    monitor and version are null, and it is true. `inclusion_prob` and `stratum` are null unless
    the unit was drawn; `supersedes` is the id of the label that this one replaces, null if none.
    """

    label_id: str
    unit_id: str
    value: bool
    source: Source
    rater: str
    monitor: str | None
    monitor_version: int | None
    created_at: datetime
    inclusion_prob: float | None = None
    stratum: str | None = None
    policy_version: str | None = None
    code: str | None = None
    supersedes: str | None = None


def write_labels(connection: Connection, labels: Sequence[Label], act: Act) -> int:
    """Add labels, each with its audit row; how many were new. Nothing is ever changed.

    One that is there already, but for its time, is passed over. Raises LedgerError, and writes
    nothing, for another content under a known id, an alert that is not there, a version that did
    not find it, and what one label may not replace.
    """
    known = {label.label_id: label for label in _by_id(writer(connection), labels)}
    versions = _versions(connection, {label.unit_id for label in labels})
    new: list[Label] = []
    for label in labels:
        there = known.get(label.label_id)
        if there is not None:
            _same(there, label)
            continue
        _check(label, act)
        _check_draw(label)
        _check_unit(label, versions.get(label.unit_id))
        _check_superseded(label, known)
        known[label.label_id] = label
        new.append(label)
    if new:
        connection.execute(insert(table), [asdict(label) for label in new])
    changes = [
        Change("label", f"label:{label.label_id}", after=digest_record(asdict(label)))
        for label in new
    ]
    append_all(connection, act=act, changes=changes)
    return len(new)


def effective(connection: Connection, monitor: str, version: int) -> list[Label]:
    """The label that counts for each unit of a monitor's version, by unit."""
    return latest(labels_of(connection, [(monitor, version)]))


def latest(labels: Iterable[Label]) -> list[Label]:
    """The label that counts for each unit among all labels of a version, by unit.

    Of those that none supersedes, an adjudication before other judgements, these before what is
    no person's judgement of the unit (candidate, golden, llm), and then the newest.
    """
    found: dict[str, Label] = {}
    for label in standing(labels):
        before = found.get(label.unit_id)
        if before is None or _order(before) < _order(label):
            found[label.unit_id] = label
    return [found[unit_id] for unit_id in sorted(found)]


def standing(labels: Iterable[Label]) -> list[Label]:
    """Those that none of the others supersedes."""
    every = list(labels)
    replaced = {label.supersedes for label in every}
    return [label for label in every if label.label_id not in replaced]


def labels_of(connection: Connection, versions: Iterable[tuple[str, int]]) -> list[Label]:
    """Every label of some monitors' versions, superseded ones too, oldest first."""
    columns = tuple_(table.c.monitor, table.c.monitor_version)
    return _read(connection, [columns.in_(some) for some in _batches(versions)])


def labels_on(connection: Connection, unit_ids: Iterable[str]) -> list[Label]:
    """Every label of some units, of all versions, oldest first."""
    return _read(connection, [table.c.unit_id.in_(some) for some in _batches(unit_ids)])


def _by_id(connection: Connection, labels: Iterable[Label]) -> list[Label]:
    """The labels of the ledger that these are, or replace."""
    ids = {id_ for label in labels for id_ in (label.label_id, label.supersedes) if id_}
    return _read(connection, [table.c.label_id.in_(some) for some in _batches(ids)])


def _read(connection: Connection, wanted: Iterable[ColumnElement[bool]]) -> list[Label]:
    found = [
        _label(row)
        for where in wanted
        for row in connection.execute(select(table).where(where)).mappings()
    ]
    return sorted(found, key=lambda label: (label.created_at, label.label_id))


def _label(row: RowMapping) -> Label:
    return Label(**{**row, "source": Source(row["source"])})


def _batches(values: Iterable[T]) -> list[list[T]]:
    every = list(values)
    return [every[at : at + BATCH] for at in range(0, len(every), BATCH)]


def _rank(source: Source) -> int:
    if source is Source.ADJUDICATION:
        return 2
    return 1 if source in JUDGEMENTS else 0


def _order(label: Label) -> tuple[int, datetime, str]:
    return (_rank(label.source), label.created_at, label.label_id)


def _versions(connection: Connection, unit_ids: Iterable[str]) -> dict[str, tuple[str, int]]:
    columns = select(alerts.c.alert_id, alerts.c.monitor, alerts.c.version)
    return {
        row.alert_id: (row.monitor, row.version)
        for some in _batches(unit_ids)
        for row in connection.execute(columns.where(alerts.c.alert_id.in_(some)))
    }


def _same(there: Label, label: Label) -> None:
    """A repeated act is made later than the first, and says the same."""
    if replace(label, created_at=there.created_at) != there:
        raise LedgerError(
            f"Label {there.label_id} is in the ledger and says something else; wanted the same, "
            "as labels do not change. Give the new one an id of its own that supersedes it."
        )


def _check(label: Label, act: Act) -> None:
    for name in ("label_id", "unit_id", "rater"):
        check_id(name, getattr(label, name))
    for name in ("monitor", "stratum", "policy_version", "code", "supersedes"):
        if getattr(label, name) is not None:
            check_id(name, getattr(label, name))
    if label.source not in set(Source):
        raise LedgerError(
            f"Label {label.label_id} is of no known source; wanted one of {', '.join(Source)}."
        )
    if check_time("a label's created_at", label.created_at) > act.at:
        raise LedgerError(
            f"Label {label.label_id} is of {label.created_at}, after the act at {act.at} that "
            "writes it; wanted no later time. Look at the clocks."
        )


def _check_draw(label: Label) -> None:
    probability, what = label.inclusion_prob, f"Label {label.label_id} of source {label.source}"
    if (probability is None) != (label.stratum is None):
        raise LedgerError(f"{what} has one of inclusion_prob and stratum; wanted both or neither.")
    if probability is None and label.source is Source.RANDOM:
        raise LedgerError(
            f"{what} has no inclusion_prob; wanted the one that its unit was drawn with. "
            "A decision on a unit that was not drawn is of source case."
        )
    if probability is None:
        return
    if not 0 < probability <= 1:
        raise LedgerError(f"{what} has inclusion_prob {probability}; wanted it in (0, 1].")
    if label.source not in OF_DRAWS:
        raise LedgerError(
            f"{what} has an inclusion_prob; wanted none. "
            "A decision on a drawn unit is of source random."
        )


def _check_unit(label: Label, alert: tuple[str, int] | None) -> None:
    if label.source is Source.MISSED or label.unit_id.startswith(MISSED):
        _check_missed(label)
        return
    if label.unit_id.startswith(SCORED):
        _check_scored(label)
        return
    if alert is None:
        raise LedgerError(
            f"Label {label.label_id} is of a unit that is no alert of the ledger; wanted an "
            "alert_id. Copy it from where alerts are listed."
        )
    monitor, version = alert
    if not label.monitor_version or not 1 <= label.monitor_version <= version:
        raise LedgerError(
            f"Label {label.label_id} is of monitor version {label.monitor_version}; wanted the "
            f"one that was judged, 1 to {version} of {monitor}. Give it with the label."
        )
    if label.monitor != monitor:
        raise LedgerError(
            f"Label {label.label_id} is of monitor {label.monitor} and its alert of {monitor}; "
            "wanted the alert's."
        )


def _check_scored(label: Label) -> None:
    what = f"Label {label.label_id} of source {label.source} is of a scored window"
    if label.source not in OF_SCORED:
        sources = ", ".join(sorted(OF_SCORED))
        raise LedgerError(f"{what}; wanted one of {sources}. Answer the task that it was drawn as.")
    if not label.monitor or not label.monitor_version or label.monitor_version < 1:
        raise LedgerError(
            f"{what} and of monitor {label.monitor}, version {label.monitor_version}; wanted those "
            "that scored it. Copy them from the task."
        )
    if label.source is Source.FLAG_REVIEW and label.inclusion_prob is None:
        raise LedgerError(f"{what} and has no inclusion_prob; wanted the one it was drawn with.")
    if label.stratum is not None and label.stratum not in OF_WINDOWS:
        strata = ", ".join(sorted(OF_WINDOWS))
        raise LedgerError(f"{what} in the stratum {label.stratum}; wanted one of {strata}.")


def _check_missed(label: Label) -> None:
    missed = label.source is Source.MISSED and label.unit_id.startswith(MISSED)
    if not missed or not label.value or label.monitor or label.monitor_version:
        raise LedgerError(
            f"Label {label.label_id} of source {label.source} is of what no monitor found; wanted "
            f"source missed, a unit that begins with '{MISSED}', true, and no monitor or version."
        )


def _check_superseded(label: Label, known: dict[str, Label]) -> None:
    if label.supersedes is None:
        return
    old = known.get(label.supersedes)
    unit = (label.unit_id, label.monitor_version)
    if old is None or (old.unit_id, old.monitor_version) != unit:
        raise LedgerError(
            f"Label {label.label_id} supersedes one that is not there or is of another unit or "
            "version; wanted an earlier label of the same. Look at the unit's labels."
        )
    if _rank(label.source) < _rank(old.source):
        raise LedgerError(
            f"Label {label.label_id} of source {label.source} supersedes one of source "
            f"{old.source}, which counts for more; wanted a judgement of at least that weight. "
            "Have it adjudicated."
        )
