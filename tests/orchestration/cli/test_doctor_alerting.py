from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.cli.checks_of_alerting import fallback, ledger, people_and_routes, slack
from orchestration.cli.ledger import made
from orchestration.settings import Settings, Slack, load


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load({"WATCHFLOOR_HOME": str(tmp_path)})


def test_an_installation_without_ledger_fails_and_says_how_to_make_it(settings: Settings) -> None:
    state, found, mend = ledger(settings)
    assert (state, mend) == ("FAIL", "watchfloor ledger init")
    assert "There is no ledger at" in found
    assert people_and_routes(settings)[0] == "FAIL"


def test_a_new_ledger_and_the_shipped_rules_are_fine(settings: Settings) -> None:
    made(settings.ledger)
    assert ledger(settings) == ("OK", "migration 0007, 1 rows of audit", "")
    state, found, _ = people_and_routes(settings)
    assert state == "OK"
    assert "3 routes" in found


def test_a_broken_file_fails_with_its_line_while_the_last_one_holds(
    settings: Settings, tmp_path: Path
) -> None:
    made(settings.ledger)
    routes = tmp_path / "routes.yaml"
    routes.write_text('routes: [{name: all, receiver: "C0ALL"}]\n', encoding="utf-8")
    changed = replace(settings, routes=routes)
    assert people_and_routes(changed)[0] == "OK"
    routes.write_text('routes: [{name: all, receivr: "C0ALL"}]\n', encoding="utf-8")

    state, found, _ = people_and_routes(changed)

    assert state == "FAIL"
    assert "the last sound ones hold" in found
    assert "routes.yaml:1: there is no setting 'receivr' here" in found


def test_without_a_token_it_says_where_messages_go(settings: Settings, tmp_path: Path) -> None:
    assert slack(settings) == ("OK", f"no token: messages go to {tmp_path / 'slack'}", "")


def test_a_slack_that_cannot_be_reached_fails_without_its_token(settings: Settings) -> None:
    away = replace(settings, slack=Slack(token="xoxb-canary", url="http://127.0.0.1:9/api/"))  # noqa: S106 - no secret
    state, found, mend = slack(away)
    assert state == "FAIL"
    assert "docs/slack.md" in mend
    assert "canary" not in found


def test_a_second_notifier_is_missed_checked_and_described(settings: Settings) -> None:
    assert fallback(settings)[0] == "WARN"
    state, found, _ = fallback(replace(settings, fallback="https://hooks.example/x"))
    assert state == "OK"
    assert "cannot be changed later and have no buttons" in found
    assert fallback(replace(settings, fallback="ftp://x"))[0] == "FAIL"
