import logging
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from monitors.contract import Severity
from orchestration.cases.decide import decide
from orchestration.cases.reports_route import harm_of
from orchestration.cases.user_reports import Taken, take_reports
from orchestration.ledger.case_states import CaseState
from tests.orchestration.alerts.builders import HOUR, at
from tests.support.cases import ANA, BENIGN, POLICIES, VIOLATING
from tests.support.houses import House, house, logged

TROLL = "troll-66"
CANARY = "he wrote: meet me at noon"


@pytest.fixture
def here(ledger: Engine, tmp_path: Path) -> House:
    return house(ledger, tmp_path)


def report(
    reporter: str | None,
    hour: float,
    target: str = TROLL,
    reason: str | None = "spam",
    **more: object,
) -> dict[str, object]:
    return {
        "account_id": reporter,
        "target_id": target,
        "reason": reason,
        "occurred_at": at(hour),
        **more,
    }


def take(here: House, hour: float, since: float | None = None) -> Taken:
    return take_reports(
        here.engine,
        here.lake,
        here.names,
        here.office.terms,
        now=at(hour),
        since=None if since is None else at(since),
    )


def crowd(n: int, first: int = 0, hour: float = 0.0) -> list[dict[str, object]]:
    """Reports by different people, two hours apart."""
    return [report(f"user-{first + i}", hour + 2 * i) for i in range(n)]


def weights(here: House) -> list[float]:
    rows = sorted(here.office.rows("reports"), key=lambda row: str(row["at"]))
    return [round(float(str(row["weight"])), 4) for row in rows]


def judge(here: House, hour: float, *, valid: bool) -> None:
    """Ana decides the only open case by its one entity."""
    office = here.office
    (case,) = [case for case in office.cases() if case.state == CaseState.TRIAGED]
    office.reviewed(case, hour)
    (entity,) = office.members(case).entities
    unit = f"entity:{entity[0]}:{entity[1]}"
    chosen = {unit: VIOLATING if valid else BENIGN}
    decide(office.engine, ANA, case.case_id, chosen, "spam", terms=office.terms, now=at(hour + 0.1))


def test_reports_are_kept_by_pseudonym_and_reason(here: House) -> None:
    here.put("user_reports", report("rita", 1))
    assert take(here, 2) == Taken(new=1)
    (row,) = here.office.rows("reports")
    assert (row["reporter"], row["target"]) == (here.name("rita"), here.name(TROLL))
    assert (row["product"], row["target_type"], row["reason"]) == ("chat", "account_id", "spam")
    assert (row["at"], row["weight"], row["valid"], row["same_as"]) == (at(1), 0.5, None, None)
    (act,) = here.office.desk.audit("take")
    assert act.reason == "1 reports taken, 0 weighed anew"


def test_an_event_is_taken_once_however_often_it_is_read(here: House) -> None:
    here.put("user_reports", *crowd(3))
    assert take(here, 9).new == 3
    before = here.everything()
    assert take(here, 9.5) == Taken()
    assert here.everything() == before


def test_enough_people_open_a_case_of_the_target(here: House) -> None:
    here.put("user_reports", *crowd(4))
    assert take(here, 5) == Taken(new=3)
    assert here.office.cases() == []
    assert take(here, 9) == Taken(new=1, opened=1)
    case = here.office.case()
    assert (case.source, case.harm, case.product) == ("report", "spam", "chat")
    assert (case.state, case.queue, case.severity) == (
        CaseState.TRIAGED,
        "general",
        POLICIES.of("spam").severity,
    )
    assert here.office.members(case).entities == [("account_id", here.name(TROLL))]
    assert {row["case_id"] for row in here.office.rows("reports")} == {case.case_id}
    assert case.score is not None
    assert here.office.is_sound()


def test_later_reports_join_the_open_case(here: House) -> None:
    here.put("user_reports", *crowd(4))
    take(here, 9)
    here.put("user_reports", report("late", 10))
    assert take(here, 11) == Taken(new=1, joined=1)
    assert len(here.office.cases()) == 1


def test_a_report_joins_the_case_that_an_alert_opened(here: House) -> None:
    here.found(0, TROLL)
    here.office.open(1.2)
    here.put("user_reports", report("rita", 1))
    assert take(here, 2) == Taken(new=1, joined=1)
    (row,) = here.office.rows("reports")
    assert row["case_id"] == here.office.case().case_id


def test_saying_the_same_twice_weighs_no_more_and_is_kept(here: House) -> None:
    here.put("user_reports", report("rita", 1))
    take(here, 1.5)
    here.put("user_reports", report("rita", 2), report("rita", 3))
    assert take(here, 4) == Taken(new=2, reweighed=1)
    rows = sorted(here.office.rows("reports"), key=lambda row: str(row["at"]))
    assert sum(weights(here)) == pytest.approx(0.5, abs=0.001)
    assert [row["same_as"] for row in rows] == [None, rows[0]["report_id"], rows[0]["report_id"]]


def brigade(here: House) -> None:
    """Twelve accounts of a day report one target within minutes."""
    names = [f"new-{i}" for i in range(12)]
    here.put(
        "signups",
        *({"account_id": name, "occurred_at": at(0) - HOUR} for name in names),
    )
    here.put("user_reports", *(report(name, 1 + i / 60) for i, name in enumerate(names)))


def test_a_brigade_opens_nothing_and_loses_nothing(here: House) -> None:
    brigade(here)
    assert take(here, 2) == Taken(new=12)
    assert sum(weights(here)) == pytest.approx(0.5, abs=0.001)
    assert len(here.office.rows("reports")) == 12
    assert here.office.cases() == []


def test_the_same_number_of_reports_by_old_accounts_is_no_brigade(here: House) -> None:
    names = [f"old-{i}" for i in range(12)]
    long_ago = at(0) - timedelta(days=60)
    here.put("signups", *({"account_id": name, "occurred_at": long_ago} for name in names))
    here.put("user_reports", *(report(name, 1 + i / 60) for i, name in enumerate(names)))
    assert take(here, 2) == Taken(new=12, opened=1)


def test_decisions_make_reporters_weigh_more_or_less(here: House) -> None:
    here.put("user_reports", *crowd(4))
    take(here, 9)
    judge(here, 9.2, valid=True)
    assert [row["valid"] for row in here.office.rows("reports")] == [True] * 4
    here.put("user_reports", report("user-0", 10, "other"), report("nobody-yet", 10, "third"))
    take(here, 11)
    later = {row["target"]: row["weight"] for row in here.office.rows("reports")}
    assert later[here.name("other")] == pytest.approx(0.6)
    assert later[here.name("third")] == pytest.approx(0.5)


def test_a_decided_report_keeps_its_weight(here: House) -> None:
    here.put("user_reports", *crowd(4))
    take(here, 9)
    judge(here, 9.2, valid=False)
    before = weights(here)
    here.put("user_reports", report("user-0", 9.5))
    assert take(here, 10).reweighed == 0
    assert weights(here)[:4] == before


def test_what_the_product_reviewed_itself_counts_for_the_reporter_alone(here: House) -> None:
    some = [report("rita", 1 + i, f"target-{i}", dismissed=True) for i in range(4)]
    here.put("user_reports", *some)
    take(here, 6)
    here.put("user_reports", report("rita", 7))
    take(here, 8)
    by_target = {row["target"]: row for row in here.office.rows("reports")}
    assert by_target[here.name("target-0")]["valid"] is False
    assert by_target[here.name(TROLL)]["weight"] == pytest.approx(0.25)


def test_after_a_case_is_closed_new_reports_open_one_that_goes_on_from_it(here: House) -> None:
    here.put("user_reports", *crowd(4))
    take(here, 9)
    judge(here, 9.2, valid=True)
    (closed,) = here.office.cases()
    here.put("user_reports", *crowd(4, first=10, hour=10))
    assert take(here, 18).opened == 1
    new = here.office.cases()[-1]
    assert (new.related_id, here.office.case(closed.case_id).state) == (
        closed.case_id,
        CaseState.CLOSED,
    )


def test_one_report_of_what_may_cost_a_life_opens_a_restricted_case(here: House) -> None:
    here.found(0, TROLL)
    here.office.open(1.2)
    here.put("user_reports", report("rita", 1, reason="child_safety"))
    assert take(here, 2) == Taken(new=1, opened=1)
    (case,) = [case for case in here.office.cases() if case.source == "report"]
    assert (case.queue, case.restricted, case.severity) == ("children", True, Severity.S0)
    here.put("user_reports", report("sam", 2.1, reason="child_safety"), report("tom", 2.2))
    assert take(here, 3) == Taken(new=2, joined=2)
    joined = {row["reporter"]: row["case_id"] for row in here.office.rows("reports")}
    assert joined[here.name("sam")] == case.case_id
    assert joined[here.name("tom")] != case.case_id


def test_reports_of_different_harms_weigh_together_under_the_heaviest(here: House) -> None:
    reasons = ["spam", "scraping", "scraping", None]
    some = [report(f"user-{i}", 2 * i, reason=reason) for i, reason in enumerate(reasons)]
    here.put("user_reports", *some)
    assert take(here, 9) == Taken(new=4, opened=1)
    assert here.office.case().harm == "scraping"


def test_a_case_without_a_known_reason_is_looked_at_all_the_same(here: House) -> None:
    here.put("user_reports", *(report(f"user-{i}", 2 * i, reason=None) for i in range(4)))
    assert take(here, 9).opened == 1
    case = here.office.case()
    assert (case.harm, case.queue, case.severity) == ("unknown", "general", Severity.S3)
    assert harm_of(POLICIES, "no such thing") == "unknown"


def test_who_was_not_signed_in_counts_as_one_of_the_product(here: House) -> None:
    here.put("user_reports", *(report(None, 1 + i / 4) for i in range(8)))
    take(here, 9)
    assert {row["reporter"] for row in here.office.rows("reports")} == {"anonymous_chat"}
    assert sum(weights(here)) == pytest.approx(0.5, abs=0.001)


def test_what_somebody_wrote_as_a_reason_is_kept_nowhere(
    here: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    here.put("user_reports", report("rita", 1, reason=CANARY))
    take(here, 2)
    assert here.office.rows("reports")[0]["reason"] == "other"
    for text in (here.everything(), logged(caplog.records)):
        assert CANARY not in text
        assert "rita" not in text
        assert TROLL not in text


def test_reports_from_before_the_time_are_left_and_can_be_asked_for(here: House) -> None:
    here.put("user_reports", report("rita", -8 * 24), report("sam", 1))
    assert take(here, 2).new == 1
    assert take(here, 3, since=-9 * 24).new == 1


def test_whom_a_case_of_reports_is_about_can_be_acted_on(here: House) -> None:
    here.put("user_reports", report("rita", 0, target="minnow-1"), *crowd(4))
    assert take(here, 12).opened == 1
    told, waits = here.name(TROLL), here.name("minnow-1")
    assert here.names.entities_of([told, waits]) == {told: ("account_id", TROLL)}
