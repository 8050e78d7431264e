import json
import logging
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine, insert

from orchestration.cases.errors import CaseError
from orchestration.cases.export import as_markdown, export
from orchestration.cases.investigate import Investigation, investigate, kinds
from orchestration.cases.lists import Lists
from orchestration.ledger.database import writing
from orchestration.ledger.tables import reports
from orchestration.oncall.errors import PeopleError
from orchestration.oncall.people import Person
from tests.orchestration.alerts.builders import MINUTE, at
from tests.support.cases import ANA, CARA, ENGINEER, VIEWER, VIOLATING
from tests.support.houses import House, house, logged, message

ANN, BOB = "ann-4711", "bob-0815"
GROOMING = "chat/grooming_bursts"
CANARY = "canary text: meet me at noon"


@pytest.fixture
def here(ledger: Engine, tmp_path: Path) -> House:
    made = house(ledger, tmp_path)
    made.put(
        "messages",
        message(ANN, at(0) + 5 * MINUTE, CANARY, device_id="d-1"),
        message(ANN, at(0) + 6 * MINUTE, "again", device_id="d-1"),
        message(BOB, at(2), "hello", device_id="d-1"),
    )
    made.found(0, ANN)
    made.office.open(1.2)
    made.office.decided(made.office.case(), 1.3, VIOLATING)
    return made


def look(
    here: House, entity: str, kind: str | None = None, who: Person = ENGINEER, *, real: bool = False
) -> Investigation:
    return investigate(
        here.engine,
        here.lake,
        here.names,
        entity,
        kind,
        who=who,
        desks=here.office.terms.desks,
        now=at(3),
        lists=Lists(),
        real=real,
    )


def test_an_entity_is_told_from_first_to_last_with_what_was_done_about_it(here: House) -> None:
    found = look(here, ANN)
    assert (found.entity_type, found.entity) == ("account_id", here.name(ANN))
    assert (found.first, found.last) == (at(0) + 5 * MINUTE, at(0) + 6 * MINUTE)
    assert found.activity.rows() == [
        (at(0), "1d", "chat", "messages", 2, at(0) + 5 * MINUTE, at(0) + 6 * MINUTE)
    ]
    assert found.timeline["kind"].to_list() == ["alert", "case", "case closed", "decision"]
    assert found.timeline["what"].to_list()[-1] == "violating"
    assert "ana" not in str(found.timeline.rows())
    assert found.related.select("account", "tie", "events", "since").rows() == [
        (here.name(BOB), "device_id", 1, at(2))
    ]
    assert found.related_in_all == 1


def test_a_short_time_is_told_by_the_hour(here: House) -> None:
    found = investigate(
        here.engine,
        here.lake,
        here.names,
        ANN,
        who=ENGINEER,
        desks=here.office.terms.desks,
        now=at(3),
        since=at(-1),
    )
    assert found.activity.select("start", "every", "events").rows() == [(at(0), "1h", 2)]


def test_an_id_and_its_pseudonym_lead_to_the_same(here: House) -> None:
    by_id, by_name = look(here, ANN), look(here, here.name(ANN))
    assert by_id.entity == by_name.entity
    assert by_id.activity.equals(by_name.activity)
    assert by_id.timeline.equals(by_name.timeline)


def test_an_entity_of_which_only_events_tell_is_found_by_its_pseudonym(here: House) -> None:
    assert look(here, here.name(BOB)).last == at(2)
    assert look(here, here.name("d-1", "device_id")).activity["events"].to_list() == [3]


def test_a_device_is_linked_to_the_accounts_seen_with_it(here: House) -> None:
    found = look(here, "d-1", "device_id")
    assert sorted(found.related["account"]) == sorted([here.name(ANN), here.name(BOB)])


def test_who_was_forgotten_is_still_told_of_by_the_ledger(here: House) -> None:
    name = here.name(ANN)
    here.names.forget("account_id", ANN)
    found = look(here, name)
    assert (found.first, found.last, found.activity.height) == (None, None, 0)
    assert found.timeline.height == 4


def test_what_nothing_knows_is_refused_without_repeating_it(here: House) -> None:
    with pytest.raises(CaseError, match="Nothing here knows that entity") as caught:
        look(here, "nobody-99")
    assert "nobody-99" not in str(caught.value)
    with pytest.raises(CaseError, match="Nothing here knows that entity"):
        look(here, "account_0123456789ab")
    assert here.office.desk.audit("investigate") == []


def test_an_id_of_several_types_needs_its_type(here: House) -> None:
    here.put("messages", message("d-1", at(1), "an account named like a device"))
    with pytest.raises(CaseError, match="several types: account_id, device_id"):
        look(here, "d-1")
    assert look(here, "d-1", "account_id").last == at(1)
    with pytest.raises(CaseError, match="no such type of entity; wanted one of account_id"):
        look(here, "d-1", "text")
    assert "event_id" not in kinds()


def test_each_look_is_an_act_with_counts(here: House) -> None:
    look(here, ANN)
    look(here, here.name(ANN))
    acts = here.office.desk.audit("investigate")
    assert [(act.actor, act.object) for act in acts] == [("eva", f"entity:{here.name(ANN)}")] * 2
    assert acts[0].reason == "looked at 30 days: 2 events, 4 entries, 1 links"
    assert here.office.is_sound()


def test_of_a_restricted_case_others_learn_only_that_it_exists(here: House) -> None:
    here.found(5, BOB, harm="child_safety")
    here.office.open(6.2)
    case = here.office.case_of(here.name(BOB))
    here.office.decided(case, 6.3, VIOLATING, who=CARA, policy="child_safety")
    told = {who.id: look_later(here, who) for who in (ENGINEER, CARA)}
    hidden = told["eva"].filter(pl.col("kind").is_in(["case", "decision"]))
    assert hidden.select("what", "detail").rows() == [("restricted", "")] * 2
    assert told["cara"]["what"].to_list()[-1] == "violating"


def test_neither_counts_nor_alerts_nor_reports_tell_of_a_restricted_case(here: House) -> None:
    here.office.watch(GROOMING)
    here.found(5, BOB, harm="child_safety", monitor=GROOMING)
    here.office.open(6.2)
    case = here.office.case_of(here.name(BOB), GROOMING)
    here.office.decided(case, 6.3, VIOLATING, who=CARA, policy="child_safety")
    with writing(here.engine) as connection:
        row = {"product": "chat", "reporter": "account_000000000001", "weight": 0.5}
        row |= {"target_type": "account_id", "target": here.name(BOB), "reason": "child_safety"}
        row |= {"report_id": "report-1", "at": at(5), "case_id": case.case_id}
        connection.execute(insert(reports).values(**row))
    told = {who.id: look_at(here, BOB, who) for who in (ENGINEER, CARA)}
    shown = str(told["eva"].timeline.rows())
    assert "child" not in shown
    assert "grooming" not in shown
    assert "grooming" in str(told["cara"].timeline.rows())
    counts = {
        name: {fact.name: fact.value for fact in found.facts}["prior_violations"]
        for name, found in told.items()
    }
    assert counts == {"eva": 0, "cara": 1}


def look_later(here: House, who: Person) -> pl.DataFrame:
    return look_at(here, BOB, who).timeline


def look_at(here: House, entity: str, who: Person) -> Investigation:
    return investigate(
        here.engine,
        here.lake,
        here.names,
        entity,
        who=who,
        desks=here.office.terms.desks,
        now=at(7),
    )


def test_the_real_id_is_for_those_who_may_reveal(here: House) -> None:
    assert look(here, here.name(ANN), who=ANA, real=True).real == ANN
    assert look(here, ANN, who=ANA).real is None
    with pytest.raises(PeopleError, match="none of which may 'reveal'"):
        look(here, ANN, who=ENGINEER, real=True)
    with pytest.raises(PeopleError, match="none of which may 'review'"):
        look(here, ANN, who=VIEWER)


def test_an_export_is_audited_and_holds_pseudonyms_and_no_text(
    here: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    found = look(here, ANN)
    paths = export(here.engine, found, tmp_path / "out", who=ENGINEER, now=at(3.1))
    assert [path.name for path in paths] == [
        "activity.parquet",
        "timeline.parquet",
        "related.parquet",
        "investigation.json",
        "investigation.md",
    ]
    (act,) = here.office.desk.audit("export")
    assert (act.actor, act.reason) == ("eva", "exported 6 rows in 3 tables")
    held = "".join(str(pl.read_parquet(path).rows()) for path in paths[:3])
    written = "".join(path.read_text(encoding="utf-8") for path in paths[3:])
    for text in (held, written, here.everything(), logged(caplog.records)):
        for canary in (CANARY, ANN, BOB, "d-1"):
            assert canary not in text
    assert here.name(ANN) in written
    record = json.loads(written.partition("# ")[0])
    assert record["first_seen"] == "2026-03-02T00:05:00+00:00"
    assert [row["kind"] for row in record["timeline"]][:2] == ["alert", "case"]


def test_an_export_with_the_real_id_is_for_those_who_may_reveal(
    here: House, tmp_path: Path
) -> None:
    found = look(here, ANN, who=ANA, real=True)
    with pytest.raises(PeopleError, match="none of which may 'reveal'"):
        export(here.engine, found, tmp_path / "out", who=ENGINEER, now=at(3))
    assert not (tmp_path / "out").exists()
    export(here.engine, found, tmp_path / "out", who=ANA, now=at(3))
    assert ANN in (tmp_path / "out" / "investigation.md").read_text(encoding="utf-8")


def test_an_export_never_goes_over_what_is_there(here: House, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(CaseError, match="holds something"):
        export(here.engine, look(here, ANN), tmp_path, who=ENGINEER, now=at(3))
    assert here.office.desk.audit("export") == []


def test_the_page_says_unknown_where_nothing_is_known(here: House) -> None:
    page = as_markdown(look(here, BOB))
    assert "| account_age_days | unknown | events/signups | unknown |" in page
    assert "| linked_by_device | 1 | events |" in page
    assert "## Timeline\n\nNothing.\n" in page


def test_a_time_before_anything_happened_shows_nothing_of_the_ledger(here: House) -> None:
    found = investigate(
        here.engine,
        here.lake,
        here.names,
        ANN,
        "account_id",
        who=ENGINEER,
        desks=here.office.terms.desks,
        now=at(3),
        since=at(3) - timedelta(minutes=1),
    )
    assert found.timeline.is_empty()
