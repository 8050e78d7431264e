"""A monitor in auto that goes wrong, in a whole installation: Dagster, ledger, service, Slack."""

import json
from collections.abc import Iterator
from datetime import timedelta

import dagster as dg
import pytest

from assets.descriptions import asset_key
from monitors.contract import Monitor
from orchestration.acts.promotion import approve, roll_out
from orchestration.ledger.audit import entries
from orchestration.ledger.database import reading, writing
from orchestration.ledger.rollouts import rollouts_of
from orchestration.ledger.states import ModeState
from tests.support.measuring import judge, relabel
from tests.support.operations import ACTION, Operation, metadata, operations
from tests.support.place import NOON, NOW, Place
from tests.support.watches import CHANNEL

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NAME = "chat/a"
NEED = 100  # labels that the action's gate asks for
APPROVER = "crane-6"


@pytest.fixture
def operation(place: Place) -> Iterator[Operation]:
    """A monitor in auto and rolled out to all, with 100 labels, all right; it has found `loud`."""
    with operations(place) as found:
        path = place.root / "monitors" / "chat" / "a.py"
        place.monitor("a", product="chat")
        text = path.read_text(encoding="utf-8").replace("Harm.SCRAPING", "Harm.SPAM")
        path.write_text(text.replace('action="none"', f'action="{ACTION}"'), encoding="utf-8")
        found.watch.promote(NAME)
        fields = {"messaging": "open", "access": "active", "notice": None}
        known = [
            {"target_type": "account_id", "target": each, "fields": fields}
            for each in ("loud", "later")
        ]
        assert found.client.ask("PUT", "/v1/targets", {"targets": known})[0] == 200
        place.events("loud", 3, product="chat")
        assert found.watch.tick().success
        in_auto(found)
        yield found


def in_auto(operation: Operation) -> None:
    """Promoted by an approver, and rolled out step by step."""
    with operation.working() as working:
        who = working.terms(NOW).roster.person(APPROVER)
        with writing(working.engine) as connection:
            judge(connection, NAME, [True] * NEED, at=NOW)
        more = {"who": who, "monitor": monitor(operation), "reason": "good enough", "now": NOW}
        approve(working.engine, to=ModeState.AUTO, **more)  # type: ignore[arg-type]
        for percent in (10, 50, 100):
            roll_out(working.engine, percent=percent, **more)  # type: ignore[arg-type]


def monitor(operation: Operation) -> Monitor:
    return operation.place.registry().monitors[NAME]


def mode(operation: Operation) -> str:
    with operation.working() as working:
        return working.watched(NOW + HOUR)[NAME].mode.value


def states(operation: Operation) -> list[tuple[str, str | None]]:
    return sorted((row.state.value, row.code) for row in operation.rows())


def told(operation: Operation) -> list[str]:
    """What Slack got about demotions."""
    every = (json.dumps(one) for one in operation.watch.slack.messages[CHANNEL])
    return [text for text in every if "no longer acts by itself" in text]


def turn_benign(operation: Operation, n: int = 20) -> None:
    """People look again at some units and find nothing wrong with them."""
    with operation.working() as working, writing(working.engine) as connection:
        units = {f"m1-{number}": False for number in range(n)}
        relabel(connection, NAME, units, at=NOW + MINUTE)


def find_later(operation: Operation) -> None:
    """Somebody else in the hour after."""
    operation.place.events("later", 3, product="chat", at=NOON + HOUR)


def test_what_is_in_auto_acts_by_itself(operation: Operation) -> None:
    assert mode(operation) == "auto"
    found = metadata(operation.run("enforcement_run", NOW + MINUTE), "enforcement")
    assert (found["applied"], operation.value("loud")) == (1, "contacts_only")
    assert told(operation) == []


def test_labels_that_turn_benign_demote_it_within_one_evaluation_and_its_actions_stop(
    operation: Operation,
) -> None:
    operation.run("enforcement_run", NOW + MINUTE)
    turn_benign(operation)
    find_later(operation)

    result = operation.watch.tick(NOW + HOUR, hour=13)

    assert metadata(result, "alerts")["monitors_demoted"] == 1
    assert mode(operation) == "review"
    (message,) = told(operation)
    assert "80 of 100 right" in message
    assert "its precision is not shown to be high enough any more" in message
    found = metadata(operation.run("enforcement_run", NOW + HOUR + MINUTE), "enforcement")
    assert (found["batches_planned"], found["applied"]) == (0, 0)
    assert (operation.value("loud"), operation.value("later")) == ("contacts_only", "open")
    again = operation.watch.tick(NOW + 2 * HOUR, hour=14)
    assert metadata(again, "alerts")["monitors_demoted"] == 0
    assert len(told(operation)) == 1
    with operation.working() as working, reading(working.engine) as connection:
        (row,) = [row for row in entries(connection) if row.verb == "demote"]
    assert (row.actor, row.object) == ("system:measurement", "monitor:chat/a:v1")
    assert row.reason.startswith("lower_bound: lower bound 0.723 (80 of 100 right")


def test_a_canary_that_is_not_found_demotes_it_in_the_run_that_missed_it(
    operation: Operation,
) -> None:
    path = operation.place.root / "monitors" / "chat" / "a.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("return rows", "return rows.head(0)"), encoding="utf-8")
    find_later(operation)

    result = operation.watch.tick(NOW + HOUR, hour=13)

    assert metadata(result, "alerts")["monitors_demoted"] == 1
    assert mode(operation) == "review"
    (message,) = told(operation)
    assert "its check canary failed" in message


def test_a_hit_rate_out_of_line_demotes_it_and_one_that_did_not_evaluate_does_not(
    operation: Operation,
) -> None:
    for name, demoted in (("evaluated", 0), ("hit_rate", 1)):
        operation.place.instance.report_runless_asset_event(
            dg.AssetCheckEvaluation(
                asset_key=asset_key(monitor(operation)),
                check_name=name,
                passed=False,
                metadata={},
                severity=dg.AssetCheckSeverity.WARN,
            )
        )
        result = operation.run("intake_run", NOW + MINUTE)
        assert metadata(result, "alerts")["monitors_demoted"] == demoted
    (message,) = told(operation)
    assert "its check hit rate failed" in message


def test_what_is_pending_is_blocked_by_the_planner_that_demotes_before_it_plans(
    operation: Operation,
) -> None:
    with operation.working() as working:
        fit = lambda _monitor, _version: None  # noqa: E731 - every check passed
        working.plan(working.terms(NOW), NOW, fit=fit)
    assert states(operation) == [("approved", None)]
    turn_benign(operation)

    found = metadata(operation.run("enforcement_run", NOW + 2 * MINUTE), "enforcement")

    assert found["applied"] == 0
    assert states(operation) == [("blocked", "stale_precision")]
    assert (mode(operation), operation.value("loud")) == ("review", "open")
    operation.run("intake_run", NOW + 3 * MINUTE)
    assert len(told(operation)) == 1


def test_it_comes_back_only_by_name_and_from_one_percent(operation: Operation) -> None:
    turn_benign(operation)
    for hours in (1, 2):
        operation.place.events("loud", 3, product="chat", at=NOON + hours * HOUR)
    operation.watch.tick(NOW + HOUR, hour=13)
    with operation.working() as working, writing(working.engine) as connection:
        units = {f"m1-{number}": True for number in range(20)}
        relabel(connection, NAME, units, at=NOW + 2 * MINUTE)
    operation.watch.tick(NOW + 2 * HOUR, hour=14)
    assert mode(operation) == "review"
    with operation.working() as working:
        who = working.terms(NOW).roster.person(APPROVER)
        at = NOW + 2 * HOUR
        given = {"who": who, "monitor": monitor(operation), "reason": "mended", "now": at}
        approve(working.engine, to=ModeState.AUTO, **given)  # type: ignore[arg-type]
        with reading(working.engine) as connection:
            shares = [row.percent for row in rollouts_of(connection, [(NAME, 1)])[NAME, 1]]
        assert shares == [1, 10, 50, 100, 1]
        roll_out(working.engine, percent=0, **given)  # type: ignore[arg-type]
    assert mode(operation) == "auto"
    operation.run("enforcement_run", NOW + 2 * HOUR + MINUTE)
    assert states(operation) == [("blocked", "not_rolled_out")]
