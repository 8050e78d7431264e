from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from monitors.contract import Mode, Severity
from monitors.registry import registry
from orchestration.alerts.config import parse_config
from orchestration.alerts.records import Watched
from orchestration.lake import Lake
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.approvals import change_mode
from orchestration.ledger.database import writing
from orchestration.ledger.states import ModeState
from orchestration.oncall.people_yaml import parse_people
from orchestration.people.issuing import give
from tests.orchestration.acts.desks import Desk
from tests.orchestration.alerts.builders import evaluation, finding
from tests.orchestration.cli.alerts.office import (
    ANN,
    BOB,
    PEOPLE,
    ROTA,
    ROUTES,
    SPAM,
    THEFT,
    put_evaluation,
)


@pytest.fixture
def tokens(
    ledger: Engine, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Everybody's token; the command line is set to this ledger and these files, and heron-7."""
    for name, text in (("PEOPLE", PEOPLE), ("ROUTES", ROUTES), ("ROTA", ROTA)):
        path = tmp_path / f"{name.lower()}.yaml"
        path.write_text(text, encoding="utf-8")
        monkeypatch.setenv(f"WATCHFLOOR_{name}", str(path))
    monkeypatch.setenv("WATCHFLOOR_LEDGER", url)
    roster, now = parse_people(PEOPLE), datetime.now(UTC)
    found: dict[str, str] = {}
    with writing(ledger) as connection:
        for person in roster.people:
            by = found.get("tapir-8", "")
            found[person.id] = give(connection, roster, person.id, by=by, now=now, days=1)
        monitor = registry().get(SPAM)
        change_mode(
            connection,
            approval_id="a1",
            monitor=SPAM,
            version=monitor.version,
            declared=ModeState.SHADOW,
            to=ModeState.REVIEW,
            act=Act(Actor("tapir-8", "person"), now, "for a test"),
        )
    monkeypatch.setenv("WATCHFLOOR_TOKEN", found["heron-7"])
    return found


@pytest.fixture
def desk(ledger: Engine, tokens: dict[str, str]) -> Desk:  # noqa: ARG001 - sets the environment
    """Two firing alerts of a monitor in review and one of a monitor in shadow."""
    watched = {SPAM: Watched(Mode.REVIEW, "chat-safety"), THEFT: Watched(Mode.SHADOW, "api")}
    made = Desk(ledger, parse_config(ROUTES), watched)
    spam = [
        finding(0, ANN, monitor=SPAM),
        finding(0, BOB, monitor=SPAM, severity=Severity.S1),
    ]
    made.step(1.1, evaluation(0, monitor=SPAM), found=spam)
    made.step(2.1, evaluation(1, monitor=THEFT), found=[finding(1, ANN, monitor=THEFT)])
    return made


@pytest.fixture
def watched_lake(home: Path) -> Lake:
    """Five hours: two entities, one of them again, then nobody."""
    lake = Lake(str(home / "lake"))
    put_evaluation(lake, 0, "ann", "bob")
    put_evaluation(lake, 1, "ann")
    for hour in (2, 3, 4):
        put_evaluation(lake, hour)
    return lake
