"""Looks up what a message about Watchfloor itself shows: the problems it tells of, as they are."""

from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, RowMapping, select

from orchestration.ledger.outbox import backlog, batches
from orchestration.ledger.tables import intake, problems
from orchestration.outbox.work import Work
from orchestration.slack.health import health
from orchestration.slack.look import Scene
from orchestration.slack.message import Message
from orchestration.slack.text import utc
from orchestration.slack.views import HealthItem, HealthView

ItemKind = Literal["check", "asset", "tick"]
AS: dict[str, ItemKind] = {
    "check": "check",
    "settings": "check",
    "seal": "check",
    "asset": "asset",
    "tick": "tick",
    "run": "tick",
}
WHAT = {
    "check": "Its newest evaluation failed.",
    "settings": "It has mistakes, which the check of watchfloor/alerts names.",
    "seal": "No seal of the ledger is newer than two days: watchfloor ledger seal.",
    "asset": "It was not made in time.",
    "tick": "Its newest tick ended in an error.",
    "run": "Its newest run failed.",
}
OUTBOX, INTAKE = "outbox", "intake"  # told by the age of what waits


def message(connection: Connection, scene: Scene, work: Work, now: datetime) -> Message:
    """What is new, what lasts and what is over; where nothing is left, that all is well."""
    payload = work.head.payload
    over, again = set(payload["over"]), set(payload["again"])
    rows = _rows(connection, [*payload["new"], *payload["again"], *payload["over"]])
    fine = payload["lasting"] == 0
    waits = {row["kind"] for row in rows if row["problem_id"] not in over}
    items = [
        _item(row, scene, is_again=row["problem_id"] in again)
        for row in rows
        if row["kind"] in AS and not fine
    ]
    _, oldest = backlog(connection, now)
    newest = select(intake.c.at).order_by(intake.c.at.desc()).limit(1)
    taken = connection.scalars(newest).first()
    view = HealthView(
        receiver=work.receiver,
        at=now,
        items=tuple(items),
        outbox_age=now - oldest if oldest and OUTBOX in waits else None,
        intake_age=now - taken if taken and INTAKE in waits else None,
        fine=fine,
        url=scene.dagster_url or None,
        delayed=now - work.since,
    )
    return health(view, outbox_id=work.outbox_id)


def _rows(connection: Connection, ids: list[str]) -> list[RowMapping]:
    """The problems of some ids, in their order."""
    found = {
        row["problem_id"]: row
        for some in batches(ids)
        for row in connection.execute(
            select(problems).where(problems.c.problem_id.in_(some))
        ).mappings()
    }
    return [found[name] for name in ids if name in found]


def _item(row: RowMapping, scene: Scene, *, is_again: bool) -> HealthItem:
    kind, name, gone = row["kind"], row["object"], row["gone_at"]
    what = f"It lasts. {WHAT[kind]}" if is_again else WHAT[kind]
    return HealthItem(
        kind=AS[kind],
        name=name if kind in ("check", "asset", "tick", "run") else f"{kind} {name}",
        since=row["first_seen"],
        what=f"It is over; last seen {utc(row['last_seen'])}." if gone else what,
        url=_url(scene.dagster_url, kind, name),
    )


def _url(base: str, kind: str, name: str) -> str | None:
    """The page where Dagster shows it."""
    key, _, check = name.partition(":")
    pages = {
        "check": f"assets/{key}?view=checks&checkDetail={check}",
        "asset": f"assets/{key}",
        "tick": "automation",
        "run": f"jobs/{name}",
    }
    return f"{base}/{pages[kind]}" if base and kind in pages and kind != "run" else None
