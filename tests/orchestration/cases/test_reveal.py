import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from orchestration.cases.errors import CaseError
from orchestration.cases.queue import claim, release
from orchestration.cases.reveal import Revealed, reveal
from orchestration.oncall.errors import PeopleError
from orchestration.oncall.people import Person
from orchestration.oncall.roles import Role
from tests.orchestration.alerts.builders import MINUTE, at
from tests.support.cases import ANA, BEN, CARA, DESKS, ENGINEER, person
from tests.support.houses import House, house, logged, message

CANARY = "canary text: meet me at noon"
ANN = "ann-4711"


@pytest.fixture
def here(ledger: Engine, tmp_path: Path) -> House:
    made = house(ledger, tmp_path)
    made.put(
        "messages",
        message(ANN, at(0) + 5 * MINUTE, CANARY),
        message(ANN, at(0) + 6 * MINUTE, "second"),
        message(ANN, at(5), "outside the window"),
        message("bob", at(0) + 7 * MINUTE, "somebody else's"),
    )
    made.found(0, ANN)
    made.office.open(1.2)
    return made


def limited(here: House, queue: str, **changed: object) -> None:
    """Change a queue's rules of revealing."""
    queues = {**DESKS.queues, queue: replace(DESKS.queues[queue], **changed)}  # type: ignore[arg-type]
    here.office.set(queues=queues)


def taken(here: House, who: Person = ANA, hour: float = 1.3) -> str:
    case = here.office.case()
    claim(here.engine, who, case.case_id, terms=here.office.terms, now=at(hour))
    return case.case_id


def look(
    here: House, who: Person = ANA, hour: float = 1.4, unit: str | None = None, most: int = 20
) -> Revealed:
    return reveal(
        here.engine,
        here.lake,
        here.names,
        who=who,
        case_id=here.office.case().case_id,
        unit=unit or here.office.alert(here.name(ANN)).alert_id,
        now=at(hour),
        terms=here.office.terms,
        most=most,
    )


def test_who_has_the_case_sees_the_texts_within_the_windows_newest_first(here: House) -> None:
    taken(here)
    found = look(here)
    assert [text.text for text in found.texts] == ["second", CANARY]
    assert [(text.product, text.contract, text.column) for text in found.texts] == [
        ("chat", "messages", "text"),
        ("chat", "messages", "text"),
    ]
    assert (found.left_out, found.remaining) == (0, 18)


def test_each_view_is_a_row_and_an_act_with_counts(here: House) -> None:
    case_id = taken(here)
    look(here)
    look(here)
    rows = here.office.rows("views")
    assert [(row["person"], row["case_id"], row["items"]) for row in rows] == [
        ("ana", case_id, 2),
        ("ana", case_id, 2),
    ]
    acts = here.office.desk.audit("reveal")
    assert [(act.actor, act.reason) for act in acts] == [
        ("ana", f"2 texts of one unit of {case_id}"),
        ("ana", f"2 texts of one unit of {case_id}"),
    ]
    assert here.office.is_sound()


def test_what_was_revealed_is_in_no_row_and_no_log(
    here: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    taken(here)
    found = look(here)
    logging.getLogger("test").info("%s", found)
    assert found.texts[1].text == CANARY
    assert CANARY not in here.everything()
    assert CANARY not in logged(caplog.records)
    assert CANARY not in repr(found)
    assert ANN not in here.everything()


def test_a_text_within_an_hour_that_was_not_found_stays_hidden(here: House) -> None:
    here.found(9, ANN)
    taken(here, hour=10.3)
    found = look(here, hour=10.4)
    assert "outside the window" not in [text.text for text in found.texts]


def test_nobody_sees_anything_of_a_case_they_do_not_have(here: House) -> None:
    with pytest.raises(CaseError, match="wanted assigned or in_review"):
        look(here)
    taken(here)
    with pytest.raises(CaseError, match="ben does not have the case"):
        look(here, BEN)
    with pytest.raises(CaseError, match=r"had the case .* until"):
        look(here, hour=1.9)
    assert here.office.rows("views") == []


def test_a_case_given_back_is_closed_to_who_had_it(here: House) -> None:
    case_id = taken(here)
    release(here.engine, ANA, case_id, now=at(1.35))
    with pytest.raises(CaseError, match="is triaged"):
        look(here)


def test_a_role_that_may_not_reveal_is_refused(here: House) -> None:
    taken(here, ENGINEER)
    with pytest.raises(PeopleError, match="none of which may 'reveal'"):
        look(here, ENGINEER)


def test_a_queue_reveals_to_its_roles_alone(here: House) -> None:
    limited(here, "general", reveal=frozenset({Role.LEAD}))
    taken(here)
    with pytest.raises(PeopleError, match="reveals content to lead; ana has the roles reviewer"):
        look(here)


def test_a_restricted_queue_without_a_role_reveals_to_nobody(
    ledger: Engine, tmp_path: Path
) -> None:
    made = house(ledger, tmp_path)
    made.put("messages", message(ANN, at(0) + MINUTE, CANARY))
    made.found(0, ANN, harm="child_safety")
    made.office.open(1.2)
    taken(made, CARA)
    limited(made, "children", reveal=frozenset())
    with pytest.raises(PeopleError, match="reveals content to nobody"):
        look(made, CARA)
    limited(made, "children", reveal=frozenset({Role.REVIEWER}))
    assert [text.text for text in look(made, CARA).texts] == [CANARY]


def test_the_limit_of_the_day_ends_revealing_and_says_when_it_begins_anew(here: House) -> None:
    limited(here, "general", exposure_limit=3)
    taken(here)
    assert look(here).remaining == 1
    found = look(here)
    assert ([text.text for text in found.texts], found.left_out) == (["second"], 1)
    with pytest.raises(CaseError, match=r"begins anew at 2026-03-03T00:00:00\+00:00"):
        look(here)


def test_the_day_is_that_of_the_persons_own_zone(here: House) -> None:
    limited(here, "general", exposure_limit=2)
    far = replace(person("far"), zone=ZoneInfo("America/Los_Angeles"))
    taken(here, far, hour=7.6)
    look(here, far, 7.7)
    with pytest.raises(CaseError, match=r"begins anew at 2026-03-02T08:00:00\+00:00"):
        look(here, far, 7.9)
    assert look(here, far, 8.05).remaining == 0


def test_views_in_other_queues_do_not_count(here: House) -> None:
    limited(here, "general", exposure_limit=2)
    taken(here)
    look(here)
    here.put("messages", message("eve", at(0) + MINUTE, "hello"))
    here.found(1, "eve", harm="fraud_scams")
    queues = {
        **here.office.terms.desks.queues,
        "fraud": replace(DESKS.queues["general"], id="fraud"),
    }
    here.office.set(queues=queues)
    here.office.open(2.2)
    case = here.office.case_of(here.name("eve"))
    claim(here.engine, ANA, case.case_id, terms=here.office.terms, now=at(2.3))
    unit = here.office.alert(here.name("eve")).alert_id
    found = reveal(
        here.engine,
        here.lake,
        here.names,
        who=ANA,
        case_id=case.case_id,
        unit=unit,
        now=at(2.3),
        terms=here.office.terms,
    )
    assert found.remaining == 20


def test_a_unit_of_another_case_is_refused(here: House) -> None:
    taken(here)
    here.found(1, "bob")
    here.office.open(2.2)
    other = here.office.alert(here.name("bob")).alert_id
    with pytest.raises(CaseError, match="no alert and no entity of this case"):
        reveal(
            here.engine,
            here.lake,
            here.names,
            who=ANA,
            case_id=here.office.case_of(here.name(ANN)).case_id,
            unit=other,
            now=at(1.4),
            terms=here.office.terms,
        )


def test_an_entity_by_its_pseudonym_is_a_unit_too(here: House) -> None:
    taken(here)
    assert look(here, unit=here.name(ANN)).texts == look(here).texts


def test_who_was_forgotten_is_said_to_be_unknown(here: House) -> None:
    taken(here)
    unit = here.office.alert(here.name(ANN)).alert_id
    here.names.forget("account_id", ANN)
    here.lake.hour_path("findings/mass_dm", "chat", at(0)).unlink()
    with pytest.raises(CaseError, match="whose pseudonym this is"):
        look(here, unit=unit)
    assert here.office.rows("views") == []


def test_no_more_texts_than_asked_for_are_shown(here: House) -> None:
    taken(here)
    found = look(here, most=1)
    assert ([text.text for text in found.texts], found.left_out) == (["second"], 1)
    assert found.texts[0].at == at(0) + 6 * timedelta(minutes=1)


def test_many_looks_at_once_go_no_further_than_the_limit(here: House) -> None:
    limited(here, "general", exposure_limit=5)
    taken(here)

    def tried(_: int) -> int:
        try:
            return len(look(here).texts)
        except CaseError:
            return 0

    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(tried, range(8)))
    assert sum(seen) == 5
    assert sum(int(str(row["items"])) for row in here.office.rows("views")) == 5
