import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from orchestration.cli.forget import forget
from orchestration.forgetting.errors import ForgetError
from orchestration.lake import Lake
from orchestration.ledger.audit import entries
from orchestration.ledger.database import reading
from orchestration.oncall.errors import PeopleError
from orchestration.people.errors import TokenError
from orchestration.pseudonyms import Pseudonyms
from tests.orchestration.cli.conftest import Watchfloor
from tests.support.lakes import at, stored
from tests.support.monitors import failed_logins

ANN = ("ann", "--type", "account_id")


@pytest.fixture(autouse=True)
def installation(ledger: Engine, url: str, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Ann's and Bob's failed sign-ins, found, and nobody who is logged in."""
    del lake
    monkeypatch.setenv("WATCHFLOOR_LEDGER", url)
    monkeypatch.delenv("WATCHFLOOR_TOKEN", raising=False)
    return ledger


def run(*arguments: str) -> Result:
    return CliRunner().invoke(forget, arguments)


def counts(done: Result) -> dict[str, Any]:
    assert done.exit_code == 0, done.output
    return {row["what"]: row["rows"] for row in json.loads(done.stdout)}


def logged_in(watchfloor: Watchfloor, person: str, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = watchfloor("login", "tapir-8", "--issue").stdout.strip()
    monkeypatch.setenv("WATCHFLOOR_TOKEN", admin)
    if person != "tapir-8":
        token = watchfloor("login", person, "--issue").stdout.strip()
        monkeypatch.setenv("WATCHFLOOR_TOKEN", token)


def test_without_yes_it_says_what_would_go_and_with_it_that_goes(
    watchfloor: Watchfloor,
    lake: Lake,
    home: Path,
    installation: Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logged_in(watchfloor, "tapir-8", monkeypatch)
    Pseudonyms(home).name("account_id", "ann")
    said = run(*ANN, "--format", "json")
    assert "--yes does it" in said.stderr
    assert counts(said) == {
        "events/logins": 8,
        "findings/failed_logins": 2,
        "alerts, which stay": 0,
        "pseudonyms": 1,
    }
    start = at("2026-03-02T10:00")
    assert stored(lake, "findings", failed_logins, start)["entity"].to_list() == ["ann", "bob"]
    done = run(*ANN, "--yes", "--reason", "request 12", "--format", "json")
    assert counts(done) == counts(said)
    assert stored(lake, "findings", failed_logins, start)["entity"].to_list() == ["bob"]
    with reading(installation) as connection:
        last = list(entries(connection))[-1]
    assert (last.actor, last.verb) == ("tapir-8", "forgotten")
    assert last.object in done.stderr
    assert "ann" not in done.stdout
    again = run(*ANN, "--yes", "--format", "json")
    assert counts(again) == {"alerts, which stay": 0, "pseudonyms": 0}
    assert "There was nothing." in again.stderr


def test_nobody_who_is_not_known_or_may_not_sees_even_counts(
    watchfloor: Watchfloor, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = run(*ANN)
    assert isinstance(refused.exception, TokenError)
    assert refused.stdout == ""
    logged_in(watchfloor, "lynx-3", monkeypatch)
    refused = run(*ANN, "--yes")
    assert isinstance(refused.exception, PeopleError)
    assert "wanted one of admin" in str(refused.exception)
    assert refused.stdout == ""


def test_a_type_that_is_about_many_is_refused() -> None:
    refused = run("web", "--type", "product", "--yes")
    assert isinstance(refused.exception, ForgetError)
