"""Label Studio's JSON: what is given to it of a task, and what comes back.

Formats: labelstud.io/guide/task_format.html and labelstud.io/tags/choices.html.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from orchestration.cases.judging import Verdict
from orchestration.review.errors import ReviewError
from orchestration.review.next import TaskView

FORMAT = "watchfloor-review/1"
OURS = "watchfloor-review/"
VERDICTS = frozenset(verdict.value for verdict in Verdict)
AGAIN = "Nothing was imported. Export the project anew, as JSON, and import that."
Fault = Literal[
    "not_ours",  # no entry of an export of Watchfloor's
    "annotations",  # no list of annotations, or one that is no object
    "rater",  # nothing says who judged it
    "choice",  # not one choice, or none of the four verdicts
    "time",  # no time, or none that can be
]


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file something stands: entry and annotation, from 1; null: the whole entry."""

    entry: int
    annotation: int | None = None
    task_id: str | None = None


@dataclass(frozen=True, slots=True)
class Faulty:
    """An entry or annotation that cannot be read."""

    place: Place
    fault: Fault


@dataclass(frozen=True, slots=True)
class Judged:
    """One annotation. `rater` are the names Label Studio has for who made it: an id, an e-mail.

    A null `at`: it does not say when. A null `seconds`: nor how long it took.
    """

    place: Place
    task_id: str
    rater: tuple[str, ...]
    verdict: Verdict
    at: datetime | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Read:
    """What a file holds; `unanswered` entries have no annotation, `skipped` ones were passed by."""

    judged: tuple[Judged, ...]
    faulty: tuple[Faulty, ...]
    unanswered: int
    skipped: int


def entry_of(view: TaskView) -> dict[str, Any]:
    """A task as Label Studio imports it; the same fields for every kind, each a text."""
    rows = [
        f"{row['product']} {row['contract']}: {row['events']} events, {row['first_after']} to "
        f"{row['last_after']} s after the start; {row['facts']}; ids {row['event_ids']}"
        for row in view.evidence.iter_rows(named=True)
    ]
    return {
        "data": {
            "format": FORMAT,
            "task_id": view.task_id,
            "product": view.product,
            "harm": view.harm,
            "policy": view.policy,
            "not_allowed": view.wording.not_allowed,
            "allowed": view.wording.allowed,
            "borderline": view.wording.borderline,
            "entity_type": view.entity_type,
            "entity": view.entity,
            "starts": view.starts,
            "length": str(view.length),
            "evidence": "\n".join(rows),
        }
    }


def read(text: str) -> Read:
    """What an export of Label Studio's, as JSON, holds.

    Raises ReviewError for a text that is cut off, is no such export or is of another version; what
    is wrong with single entries is told of each.
    """
    entries = _entries(text)
    judged: list[Judged] = []
    faulty: list[Faulty] = []
    unanswered = skipped = 0
    for number, entry in enumerate(entries, 1):
        found = list(_annotations(number, entry))
        unanswered += not found
        for place, annotation in found:
            if isinstance(annotation, str):
                faulty.append(Faulty(place, "not_ours" if annotation == OURS else "annotations"))
            elif annotation.get("was_cancelled") is True:
                skipped += 1
            else:
                one = _judged(place, annotation)
                (judged if isinstance(one, Judged) else faulty).append(one)  # type: ignore[arg-type]
    return Read(tuple(judged), tuple(faulty), unanswered, skipped)


def _entries(text: str) -> list[Any]:
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise ReviewError(
            f"The file is no whole JSON: it breaks off or is wrong at line {error.lineno}, column "
            f"{error.colno}. {AGAIN}"
        ) from error
    if not isinstance(found, list):
        raise ReviewError(f"The file is no list of tasks, as Label Studio exports them. {AGAIN}")
    formats = {_format(entry) for entry in found}
    other = sorted(name for name in formats if name and name.startswith(OURS) and name != FORMAT)
    if other:
        raise ReviewError(f"The file is of the version {other[0]}; wanted {FORMAT}. {AGAIN}")
    if found and FORMAT not in formats:
        raise ReviewError(
            f"No entry of the file has data of the format {FORMAT}; wanted tasks that `watchfloor "
            f"review export` gave, exported as JSON and not as JSON-MIN or CSV. {AGAIN}"
        )
    return found


def _format(entry: object) -> str | None:
    data = entry.get("data") if isinstance(entry, Mapping) else None
    found = data.get("format") if isinstance(data, Mapping) else None
    return found if isinstance(found, str) else None


def _annotations(number: int, entry: Any) -> Iterator[tuple[Place, Any]]:  # noqa: ANN401 - JSON
    """Each annotation of an entry with its place; a text in place of one that is none."""
    task_id = entry["data"].get("task_id") if _format(entry) == FORMAT else None
    if not isinstance(task_id, str):
        yield Place(number), OURS
        return
    annotations = entry.get("annotations")
    if not isinstance(annotations, list):
        yield Place(number, None, task_id), "annotations"
        return
    for at, annotation in enumerate(annotations, 1):
        whole = isinstance(annotation, dict)
        yield Place(number, at, task_id), annotation if whole else "annotations"


def _judged(place: Place, annotation: Mapping[str, Any]) -> Judged | Faulty:
    rater = _rater(annotation.get("completed_by"))
    verdict = _verdict(annotation.get("result"))
    if not rater:
        return Faulty(place, "rater")
    if verdict is None:
        return Faulty(place, "choice")
    try:
        at = _time(annotation.get("created_at"))
        seconds = _seconds(annotation.get("lead_time"))
    except ValueError:
        return Faulty(place, "time")
    return Judged(place, str(place.task_id), rater, verdict, at, seconds)


def _rater(found: object) -> tuple[str, ...]:
    """Who made an annotation, as the export says it: a number, an e-mail, or both in an object."""
    parts = [found.get("id"), found.get("email")] if isinstance(found, Mapping) else [found]
    return tuple(
        str(part)
        for part in parts
        if isinstance(part, int | str) and not isinstance(part, bool) and str(part)
    )


def _verdict(result: object) -> Verdict | None:
    """The one choice of an annotation; None where there is none, or several."""
    regions = result if isinstance(result, list) else []
    chosen = [
        choice
        for region in regions
        if isinstance(region, Mapping) and region.get("type") == "choices"
        for choice in _choices(region.get("value"))
    ]
    return Verdict(chosen[0]) if len(chosen) == 1 and chosen[0] in VERDICTS else None


def _choices(value: object) -> list[str]:
    found = value.get("choices") if isinstance(value, Mapping) else None
    return [str(one) for one in found] if isinstance(found, list) else []


def _time(found: object) -> datetime | None:
    """A time with its zone; ValueError for any other."""
    if found is None:
        return None
    at = datetime.fromisoformat(str(found))
    if at.tzinfo is None:
        raise ValueError
    return at


def _seconds(found: object) -> float | None:
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise ValueError  # noqa: TRY004 - all that is wrong with a time is one fault
    if not math.isfinite(found) or found < 0:
        raise ValueError
    return float(found)
