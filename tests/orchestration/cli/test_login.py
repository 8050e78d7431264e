import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import Engine

from orchestration.ledger.audit import entries
from orchestration.ledger.database import reading
from orchestration.people.kept import token_file
from tests.support.rotas import rota_of

PEOPLE = """
people:
  - {id: tapir-8, slack: U0TAPIR8, roles: [admin], zone: UTC}
  - {id: heron-7, slack: U0HERON7, roles: [oncall], teams: [chat-safety], zone: UTC}
"""
Watchfloor = Callable[..., Result]


@pytest.fixture(autouse=True)
def installation(
    ledger: Engine, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Engine:
    path = tmp_path / "people.yaml"
    path.write_text(PEOPLE, encoding="utf-8")
    monkeypatch.setenv("WATCHFLOOR_PEOPLE", str(path))
    rota = tmp_path / "rota.yaml"
    rota.write_text(rota_of("heron-7", "tapir-8"), encoding="utf-8")
    monkeypatch.setenv("WATCHFLOOR_ROTA", str(rota))
    monkeypatch.setenv("WATCHFLOOR_LEDGER", url)
    monkeypatch.delenv("WATCHFLOOR_TOKEN", raising=False)
    return ledger


def issued(watchfloor: Watchfloor, person: str, *more: str) -> str:
    done = watchfloor("login", person, "--issue", *more)
    assert done.exit_code == 0, done.output
    return str(done.stdout).strip()


def record(done: Result) -> dict[str, Any]:
    assert done.exit_code == 0, done.output
    (found,) = json.loads(done.stdout)
    return dict(found)


def test_the_first_token_is_an_admins_and_is_kept_for_them_alone(
    watchfloor: Watchfloor, home: Path, installation: Engine
) -> None:
    refused = watchfloor("login", "heron-7", "--issue")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "Admins are: tapir-8" in refused.stderr
    token = issued(watchfloor, "tapir-8")
    done = watchfloor("login", "--format", "json", stdin=token + "\n")
    assert (record(done)["person"], record(done)["roles"]) == ("tapir-8", "admin")
    assert token not in done.output
    path = token_file(home)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert record(watchfloor("login", "--whoami", "--format", "json"))["person"] == "tapir-8"
    with reading(installation) as connection:
        assert [entry.actor for entry in entries(connection)][-1] == "system:bootstrap"


def test_later_tokens_need_the_admins_and_say_on_whose_behalf(
    watchfloor: Watchfloor, installation: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = issued(watchfloor, "tapir-8")
    assert "needs an admin's, and you have none" in watchfloor("login", "heron-7", "--issue").stderr
    assert watchfloor("login", stdin=admin).exit_code == 0
    heron = issued(watchfloor, "heron-7", "--days", "2")
    monkeypatch.setenv("WATCHFLOOR_TOKEN", heron)
    who = record(watchfloor("login", "--whoami", "--format", "json"))
    assert (who["person"], who["teams"]) == ("heron-7", "chat-safety")
    assert "need the role admin" in watchfloor("login", "heron-7", "--issue").stderr
    with reading(installation) as connection:
        last = list(entries(connection))[-1]
    assert (last.verb, last.actor, last.on_behalf_of) == ("issue_token", "tapir-8", "heron-7")


def test_a_token_that_is_not_valid_is_not_kept(watchfloor: Watchfloor, home: Path) -> None:
    done = watchfloor("login", stdin="wft_nosuch\n")
    assert (done.exit_code, "The token is not valid" in done.stderr) == (2, True)
    assert "wft_nosuch" not in done.output
    assert not token_file(home).exists()
    assert "You are not logged in" in watchfloor("login", "--whoami").stderr


def test_revoking_ends_a_token_and_removes_the_file(watchfloor: Watchfloor, home: Path) -> None:
    token = issued(watchfloor, "tapir-8")
    watchfloor("login", stdin=token)
    assert record(watchfloor("login", "--revoke", "--format", "json"))["revoked"] == 1
    assert not token_file(home).exists()
    assert watchfloor("login", stdin=token).exit_code == 2


def test_an_admin_ends_all_tokens_of_somebody(
    watchfloor: Watchfloor, monkeypatch: pytest.MonkeyPatch
) -> None:
    watchfloor("login", stdin=issued(watchfloor, "tapir-8"))
    tokens = [issued(watchfloor, "heron-7") for _ in range(2)]
    done = record(watchfloor("login", "heron-7", "--revoke", "--format", "json"))
    assert done == {"person": "heron-7", "revoked": 2}
    monkeypatch.setenv("WATCHFLOOR_TOKEN", tokens[0])
    assert watchfloor("login", "--whoami").exit_code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["heron-7"],
        ["--issue"],
        ["--whoami", "--revoke"],
        ["heron-7", "--whoami"],
        ["heron-7", "--issue", "--days", "367"],
    ],
)
def test_what_makes_no_sense_is_wrong_usage(watchfloor: Watchfloor, arguments: list[str]) -> None:
    assert watchfloor("login", *arguments).exit_code == 2
