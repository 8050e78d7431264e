from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from orchestration.ledger.database import writing
from orchestration.oncall.people_yaml import parse_people
from orchestration.people.issuing import give
from tests.orchestration.cli.alerts.office import ROTA, ROUTES
from tests.orchestration.cli.cases.bench import PEOPLE, Bench, Watchfloor
from tests.orchestration.reference_service.services import Client, running


@pytest.fixture
def bench(
    ledger: Engine,
    url: str,
    tmp_path: Path,
    watchfloor: Watchfloor,
    monkeypatch: pytest.MonkeyPatch,
) -> Bench:
    """An installation in which everybody has a token; otter-2 acts, who reviews."""
    for name, text in (("PEOPLE", PEOPLE), ("ROUTES", ROUTES), ("ROTA", ROTA)):
        path = tmp_path / f"{name.lower()}.yaml"
        path.write_text(text, encoding="utf-8")
        monkeypatch.setenv(f"WATCHFLOOR_{name}", str(path))
    monkeypatch.setenv("WATCHFLOOR_LEDGER", url)
    roster, now = parse_people(PEOPLE), datetime.now(UTC)
    tokens: dict[str, str] = {}
    with writing(ledger) as connection:
        for person in roster.people:
            by = tokens.get("tapir-8", "")
            tokens[person.id] = give(connection, roster, person.id, by=by, now=now, days=1)
    made = Bench(ledger, watchfloor, tokens, monkeypatch, tmp_path)
    made.be("otter-2")
    return made


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Client]:
    """The reference service over HTTP, where ann, bob and eve have active accounts."""
    folder = tmp_path / "service"
    folder.mkdir()
    with running(folder, clock=lambda: datetime.now(UTC)) as client:
        for account in ("ann", "bob", "eve"):
            client.put(account, "account_id", access="active", messaging="open", notice=None)
        yield client
