from orchestration.cases.decide import decide
from orchestration.cases.merge import merge
from orchestration.cases.overdue import escalate_overdue
from orchestration.cases.queue import claim, expire_leases
from orchestration.cases.reopen import reopen
from orchestration.reporting.health import House, health
from orchestration.reporting.queues import flow
from orchestration.reporting.window import Window
from tests.orchestration.alerts.builders import SPAM, at
from tests.orchestration.reporting.frames import gathered, one, rota
from tests.support.cases import ANA, BEN, BENIGN, CARA, LEAD, TERMS, VIOLATING, Office

A, B, C = "account_aaaaaaaaaaaa", "account_bbbbbbbbbbbb", "account_cccccccccccc"


def test_an_empty_ledger_gives_every_section_and_no_number_of_nothing(office: Office) -> None:
    found = gathered(office.engine, office.terms.desks)
    tables = health(found, House(TERMS.desks, TERMS.roster, rota()))
    assert tables["queues"]["queue"].to_list() == ["general", "fraud"]
    assert tables["queues"]["came"].to_list() == [0, 0]
    assert tables["queues"]["oldest_hours"].null_count() == 2
    assert set(tables["sla"]["reads"]) == {"insufficient (n = 0, Clopper-Pearson)"}
    assert set(tables["staffing"]["reads"]) == {"insufficient"}
    assert tables["labelling"].to_dicts() == [
        {
            "made": 0,
            "answers": 0,
            "open": 0,
            "disputed": 0,
            "oldest_days": None,
            "minutes_p50": None,
        }
    ]


def test_a_case_that_is_taken_given_back_and_decided_has_its_time_in_hand(office: Office) -> None:
    office.found(0, A)
    office.open(2)
    claim(office.engine, BEN, office.case().case_id, terms=TERMS, now=at(3))
    expire_leases(office.engine, at(3.6))  # ben's lease of half an hour ran out
    office.decided(office.case(), 5, VIOLATING)

    found = gathered(office.engine, office.terms.desks)

    (row,) = found.rounds.to_dicts()
    assert (row["came"], row["decided_at"], row["queue"]) == (at(2), at(5), "general")
    assert (row["touch_minutes"], row["wait_minutes"]) == (0.0, 180.0)
    (unit,) = found.units.to_dicts()
    assert (unit["monitor"], unit["policy"], unit["outcome"]) == (SPAM, "spam", "violating")
    assert unit["decider"] == "ana"


def test_a_case_that_was_reopened_came_and_went_twice(office: Office) -> None:
    office.found(0, A)
    office.open(2)
    office.decided(office.case(), 3)
    case_id = office.case().case_id
    reopen(office.engine, ANA, case_id, reason="look again", terms=TERMS, now=at(30))
    day = Window(at(24), at(48))

    rows = gathered(office.engine, TERMS.desks).opens.select("came", "went").rows()

    assert rows == [(at(2), at(3)), (at(30), None)]
    row = one(flow(gathered(office.engine, TERMS.desks, day), ["general"]), queue="general")
    assert [row[name] for name in ("open_before", "came", "went", "open_after")] == [0, 1, 0, 1]


def test_a_case_that_was_merged_is_gone_and_owes_nothing(office: Office) -> None:
    office.found(0, A, B)
    office.open(2)
    first, second = office.case_of(A), office.case_of(B)
    merge(
        office.engine,
        LEAD,
        first.case_id,
        other_id=second.case_id,
        reason="one ring",
        terms=TERMS,
        now=at(3),
    )

    found = gathered(office.engine, TERMS.desks)

    assert sorted(found.opens["went"].to_list(), key=str) == [at(3), None]
    assert found.cases.filter(~found.cases["merged"])["case_id"].to_list() == [first.case_id]


def test_what_is_restricted_is_counted_apart_unless_somebody_may_work_on_it(
    office: Office,
) -> None:
    office.found(0, A, harm="child_safety")
    office.found(0, B, monitor="api/key_theft")
    office.open(2)
    office.decided(office.case_of(A), 3, VIOLATING, who=CARA, policy="child_safety")

    shut = gathered(office.engine, TERMS.desks, who=ANA)
    seen = gathered(office.engine, TERMS.desks, who=CARA)

    assert set(shut.opens["queue"]) == {"(restricted)", "general"}
    assert set(seen.opens["queue"]) == {"children", "general"}
    (hidden,), (told,) = shut.units.to_dicts(), seen.units.to_dicts()
    assert (hidden["monitor"], hidden["policy"]) == ("(restricted)", "(restricted)")
    assert (told["monitor"], told["policy"]) == (SPAM, "child_safety")
    tables = health(shut, House(TERMS.desks, TERMS.roster, rota()), ANA)
    for name in ("queues", "sla", "work", "staffing"):
        assert "children" not in set(tables[name]["queue"]), name
    assert "children" in set(
        health(seen, House(TERMS.desks, TERMS.roster, rota()), CARA)["queues"]["queue"]
    )


def test_what_the_system_hands_up_was_waiting(office: Office) -> None:
    office.found(0, A)
    office.open(2)
    claim(office.engine, BEN, office.case().case_id, terms=TERMS, now=at(5.9))
    escalate_overdue(office.engine, now=at(6))  # of which ben had six minutes
    claim(office.engine, ANA, office.case().case_id, terms=TERMS, now=at(7))
    chosen = {alert.alert_id: BENIGN for alert in office.members(office.case()).alerts}
    case_id = office.case().case_id
    decide(office.engine, ANA, case_id, chosen, "spam", terms=TERMS, now=at(7.25))

    (row,) = gathered(office.engine, TERMS.desks).rounds.to_dicts()

    assert (row["touch_minutes"], row["wait_minutes"]) == (15.0, 300.0)
