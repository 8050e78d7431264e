from datetime import timedelta

import pytest

from monitors.contract import Severity
from orchestration.acts.alerts import ack
from orchestration.reporting.monitors import signal, value
from orchestration.reporting.window import Window
from tests.orchestration.acts.desks import HERON
from tests.orchestration.alerts.builders import SPAM, THEFT, at
from tests.orchestration.reporting.frames import WEEK, facts, gathered, one
from tests.support.cases import BENIGN, TERMS, VIOLATING, Office

A, B, C = "account_aaaaaaaaaaaa", "account_bbbbbbbbbbbb", "account_cccccccccccc"
HOUR = timedelta(hours=1)
Rows = list[tuple[object, ...]]


def decided(n: int, *, violating: int, monitor: str = SPAM) -> dict[str, Rows]:
    """Decisions of six minutes in hand each, the first of them violating."""
    rounds: Rows = []
    units: Rows = []
    for number in range(n):
        case, when = f"{monitor}-{number}", at(number / 10)
        outcome = "violating" if number < violating else "benign"
        rounds.append((case, "general", at(-1), when, 6.0, 60.0))
        units.append((f"d-{case}", case, when, "ana", "spam", monitor, outcome))
    return {"rounds": rounds, "units": units}


def test_value_is_violating_decisions_by_minute_in_hand() -> None:
    row = one(value(facts(WEEK, **decided(20, violating=10))), monitor=SPAM)
    assert (row["decisions"], row["violating"], row["minutes"]) == (20, 10, 120.0)
    assert row["per_minute"] == pytest.approx(10 / 120)
    assert row["per_minute_lower"] == pytest.approx(4.7954 / 120, abs=1e-5)
    assert row["reads"] == "0.0833 a minute (0.04 to 0.153, 95%, n = 20)"


def test_under_twenty_decisions_a_monitor_has_no_value_and_comes_last() -> None:
    few, many = decided(19, violating=19), decided(20, violating=1, monitor=THEFT)
    rows = value(facts(WEEK, **{name: few[name] + many[name] for name in few}))
    assert rows["monitor"].to_list() == [THEFT, SPAM]
    assert rows["reads"].to_list()[1] == "insufficient (n = 19)"


def test_the_time_of_a_decision_about_two_monitors_is_divided() -> None:
    one_case = [("c", "general", at(0), at(1), 30.0, 0.0)]
    units = [
        ("d", "c", at(1), "ana", "spam", monitor, outcome)
        for monitor, outcome in ((SPAM, "violating"), (SPAM, "benign"), (THEFT, "benign"))
    ]
    rows = value(facts(WEEK, rounds=one_case, units=units))
    found = {row["monitor"]: (row["violating"], row["minutes"]) for row in rows.to_dicts()}
    assert found == {SPAM: (1, 15.0), THEFT: (0, 15.0)}


def test_a_decision_of_another_week_is_none_of_this(office: Office) -> None:
    office.found(0, A)
    office.open(2)
    office.decided(office.case(), 3, VIOLATING)
    later = Window(at(24), at(48))
    assert value(gathered(office.engine, TERMS.desks, later)).is_empty()
    row = one(value(gathered(office.engine, TERMS.desks)), monitor=SPAM)
    assert (row["decisions"], row["violating"]) == (1, 1)


def test_a_page_is_actionable_where_an_alert_of_it_was_violating(office: Office) -> None:
    office.found(0, A, B, severity=Severity.S1)  # one page for the two
    office.found(0, C, monitor=THEFT, severity=Severity.S1)
    office.open(2)
    office.decided(office.case_of(A), 3, VIOLATING)
    office.decided(office.case_of(B), 3, BENIGN)

    rows = signal(gathered(office.engine, TERMS.desks))

    spam, theft = one(rows, monitor=SPAM), one(rows, monitor=THEFT)
    assert [spam[name] for name in ("pages", "pending", "actionable", "alerts")] == [1, 0, 1, 2]
    assert [theft[name] for name in ("pages", "pending", "actionable", "alerts")] == [1, 1, 0, 1]
    assert (theft["precision"], theft["reads"]) == (None, "insufficient (n = 0, Wilson)")


def test_an_ack_answers_a_page_and_a_finding_again_is_a_duplicate(office: Office) -> None:
    office.found(0, A, severity=Severity.S1)
    mine = [office.alert(A).alert_id]
    ack(office.engine, who=HERON, alert_ids=mine, now=at(1.5), terms=office.desk.terms)
    office.found(1, A, severity=Severity.S1)

    found = gathered(office.engine, TERMS.desks)

    (alert,) = found.alerts.to_dicts()
    assert (alert["answered_at"], alert["over_at"]) == (at(1.5), None)
    row = one(signal(found), monitor=SPAM)
    assert (row["findings"], row["duplicates_per_alert"], row["unacked"]) == (2, 1.0, 0)


def test_what_is_only_of_business_hours_is_no_page(office: Office) -> None:
    office.found(0, A, severity=Severity.S2)
    assert gathered(office.engine, TERMS.desks).pages.is_empty()


def paged(n: int, answered: int, minutes: float = 6.0) -> dict[str, Rows]:
    """Pages of an alert each, of which some were answered and the others ended by themselves."""
    pages: Rows = [(f"p{number}", at(number), 1, f"a{number}", SPAM, "") for number in range(n)]
    alerts: Rows = [
        (
            f"a{number}",
            SPAM,
            "resolved",
            None,
            at(number) + minutes * HOUR / 60 if number < answered else None,
            None if number < answered else at(number + 9),
        )
        for number in range(n)
    ]
    return {"pages": pages, "alerts": alerts}


def test_the_median_answer_counts_those_that_never_came() -> None:
    most, few = (one(signal(facts(WEEK, **paged(20, k))), monitor=SPAM) for k in (16, 9))
    assert (most["ack"], most["unacked"]) == (6.0, 4)
    assert most["ack_reads"] == "6 min (6 to 6, 95%, n = 20)"
    assert most["unacked_reads"].startswith("20.0% (8.1% to 41.6%")
    assert (few["ack"], few["ack_reads"]) == (None, "fewer than half (n = 20)")
    assert (few["precision"], few["actionable"]) == (0.0, 0)


def test_a_page_before_the_window_is_none_of_it() -> None:
    rows = [("p", WEEK.start - HOUR, 1, "a", SPAM, "")]
    alerts = [("a", SPAM, "firing", "violating", None, None)]
    assert signal(facts(WEEK, pages=rows, alerts=alerts)).is_empty()


def test_what_the_monitor_acted_on_by_itself_is_actionable() -> None:
    rows = [("p", at(1), 1, "a", SPAM, "")]
    alerts = [("a", SPAM, "firing", "acted", None, None)]
    row = one(signal(facts(WEEK, pages=rows, alerts=alerts)), monitor=SPAM)
    assert (row["pages"], row["actionable"], row["pending"]) == (1, 1, 0)
