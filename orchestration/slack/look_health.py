"""Looks up what a message about Watchfloor itself shows: the problems it tells of, as they are."""

from datetime import datetime

from sqlalchemy import Connection, RowMapping, func, select

from orchestration.ledger.outbox import backlog, batches
from orchestration.ledger.tables import intake, problems
from orchestration.outbox.work import Work
from orchestration.slack.health import health
from orchestration.slack.look import Scene
from orchestration.slack.message import Message
from orchestration.slack.views import HealthItem, HealthKind, HealthView

AS: dict[str, HealthKind] = {
    "check": "check",
    "settings": "check",
    "seal": "check",
    "asset": "asset",
    "tick": "tick",
    "run": "tick",
    "outbox": "outbox",
    "intake": "intake",
    "cap": "cap",
    "sla": "sla",
    "unknown": "unknown",
    "notices": "notices",
}
WHAT = {
    "check": "Its newest evaluation failed.",
    "settings": "It has mistakes, which the check settings of watchfloor/alerts or "
    "watchfloor/cases names.",
    "seal": "No seal of the ledger is newer than two days: watchfloor ledger seal.",
    "asset": "It was not made in time.",
    "tick": "Its newest tick ended in an error.",
    "run": "Its newest run failed.",
    "cap": "Nothing of it is applied until two people resume it: watchfloor enforcement resume.",
    "sla": "Its next goal was due: watchfloor cases show.",
    "unknown": "Whether orders were carried out is not known for over 15 min; the service is "
    "asked, and nothing is sent again blindly.",
    "notices": "Users are not told: watchfloor enforcement notices.",
}
SERVICE = "Live is written, and no service is set: WATCHFLOOR_SERVICE_URL."
BY_AGE = OUTBOX, INTAKE = ("outbox", "intake")  # told by the age of what waits


def message(connection: Connection, scene: Scene, work: Work, now: datetime) -> Message:
    """What is new, what lasts and what is over; where nothing is left, that all is well."""
    payload = work.head.payload
    again = set(payload["again"])
    rows = _rows(connection, [*payload["new"], *payload["again"], *payload["over"]])
    lasts = [row for row in rows if row["gone_at"] is None]
    waits = {row["kind"] for row in lasts}
    going_on = select(func.count()).select_from(problems).where(problems.c.gone_at.is_(None))
    lasting = connection.execute(going_on).scalar_one()
    _, oldest = backlog(connection, now)
    newest = select(intake.c.at).order_by(intake.c.at.desc()).limit(1)
    taken = connection.scalars(newest).first()
    view = HealthView(
        receiver=work.receiver,
        at=now,
        items=tuple(
            _item(row, scene, is_again=row["problem_id"] in again)
            for row in lasts
            if row["kind"] not in BY_AGE
        ),
        over=tuple(_item(row, scene, is_over=True) for row in rows if row["gone_at"]),
        others=lasting - len(lasts),
        outbox_age=now - oldest if oldest and OUTBOX in waits else None,
        intake_age=now - taken if taken and INTAKE in waits else None,
        fine=lasting == 0,
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


def _item(
    row: RowMapping, scene: Scene, *, is_again: bool = False, is_over: bool = False
) -> HealthItem:
    kind, name = row["kind"], row["object"]
    what = "" if is_over else _what(kind, name)
    return HealthItem(
        kind=AS[kind],
        name=name if kind not in ("settings", "seal") else f"{kind} {name}",
        since=row["first_seen"],
        what=f"It lasts. {what}" if is_again else what,
        url=_url(scene.dagster_url, kind, name),
        until=row["last_seen"] if is_over else None,
    )


def _what(kind: str, name: str) -> str:
    return SERVICE if (kind, name) == ("settings", "service") else WHAT[kind]


def _url(base: str, kind: str, name: str) -> str | None:
    """The page where Dagster shows it."""
    key, _, check = name.partition(":")
    pages = {
        "check": f"assets/{key}?view=checks&checkDetail={check}",
        "asset": f"assets/{key}",
        "tick": "automation",
        "run": f"jobs/{name}",
        "cap": "assets/watchfloor/enforcement",
        "sla": "assets/watchfloor/cases",
        "unknown": "assets/watchfloor/enforcement",
        "notices": "assets/watchfloor/appeals",
    }
    return f"{base}/{pages[kind]}" if base and kind in pages and kind != "run" else None
