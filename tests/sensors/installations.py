"""A whole installation with a ledger, its settings files, and a thread that nobody answers."""

from pathlib import Path

from sqlalchemy import select

import orchestration
from monitors.registry import Registry
from orchestration.alerting import Alerting
from orchestration.ledger.database import connect, reading
from orchestration.ledger.tables import outbox
from orchestration.settings import Settings, load
from tests.orchestration.escalation.builders import PEOPLE, ROTA, night
from tests.support.copies import new_ledger

SKILLS = "[child-safety, fraud, injection, spam]"
# Somebody has every skill that the shipped queues ask for.
SKILLED = PEOPLE.replace("zone: UTC}", f"zone: UTC, skills: {SKILLS}}}", 1)
ROUTES = "routes: [{name: all, receiver: C0ABUSE}]\n"


def environment(root: Path) -> dict[str, str]:
    """Variables of an installation whose files are all below one folder, which are written."""
    root.mkdir(parents=True, exist_ok=True)
    files = {"ROUTES": ROUTES, "ROTA": ROTA, "PEOPLE": SKILLED}
    for name in ("QUEUES", "ENFORCEMENT"):
        shipped = Path(orchestration.__file__).parent / f"{name.lower()}.yaml"
        files[name] = shipped.read_text(encoding="utf-8")
    for name, text in files.items():
        (root / f"{name.lower()}.yaml").write_text(text, encoding="utf-8")
    found = {f"WATCHFLOOR_{name}": str(root / f"{name.lower()}.yaml") for name in files}
    return {**found, "WATCHFLOOR_HOME": str(root / "home")}


def installed(root: Path, registry: Registry | None = None, *, fires: bool = False) -> Alerting:
    """The alerting of a new installation; of one in which an S1 `fires`, unanswered."""
    settings = load(environment(root))
    engine = new_ledger(settings.ledger)
    if fires:
        night(engine).fires()
    engine.dispose()
    return Alerting(settings, registry or Registry({}, {}))


def queued(settings: Settings, kind: str) -> list[str]:
    """Receivers of what was queued of one kind, in order."""
    engine = connect(settings.ledger)
    rows = select(outbox.c.receiver).where(outbox.c.kind == kind).order_by(outbox.c.audit_seq)
    with reading(engine) as connection:
        found = list(connection.execute(rows).scalars())
    engine.dispose()
    return found
