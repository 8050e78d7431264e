from orchestration.alerts.life import MOVES
from orchestration.alerts.records import AlertState
from orchestration.ledger.states import ALERT, MODE

BOTH = {"person", "system"}


def test_an_alert_moves_as_the_table_says_and_no_other_way() -> None:
    assert {(str(a), str(b)): (rule.verb, set(rule.by)) for (a, b), rule in ALERT.items()} == {
        ("pending", "firing"): ("fire", {"system"}),
        ("pending", "resolved"): ("resolve", {"system"}),
        ("firing", "acked"): ("ack", {"person"}),
        ("firing", "resolved"): ("resolve", BOTH),
        ("acked", "firing"): ("fire_again", {"system"}),
        ("acked", "resolved"): ("resolve", BOTH),
        ("resolved", "firing"): ("fire_again", {"system"}),
        ("resolved", "closed"): ("close", BOTH),
    }


def test_the_table_has_the_moves_of_the_reducer_and_what_two_in_one_step_come_to() -> None:
    assert set(ALERT) == MOVES | {(AlertState.PENDING, AlertState.RESOLVED)}


def test_only_people_let_a_monitor_do_more() -> None:
    assert {(str(a), str(b)): (rule.verb, set(rule.by)) for (a, b), rule in MODE.items()} == {
        ("draft", "shadow"): ("promote", {"person"}),
        ("shadow", "review"): ("promote", {"person"}),
        ("review", "auto"): ("promote", {"person"}),
        ("auto", "review"): ("demote", BOTH),
        ("draft", "disabled"): ("disable", {"person"}),
        ("shadow", "disabled"): ("disable", {"person"}),
        ("review", "disabled"): ("disable", {"person"}),
        ("auto", "disabled"): ("disable", {"person"}),
        ("disabled", "disabled"): ("disable", {"person"}),
        ("disabled", "deprecated"): ("deprecate", {"person"}),
    }
