from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select

from orchestration.classifiers.errors import ClassifierError
from orchestration.classifiers.force import (
    model_in_force,
    promote,
    promote_checked,
    refuse,
    roll_back,
)
from orchestration.ledger.audit import entries
from orchestration.ledger.database import reading
from orchestration.ledger.tables import classifier_events
from orchestration.oncall.errors import PeopleError
from orchestration.oncall.people import Person
from orchestration.oncall.roles import Role

NOW = datetime(2026, 9, 1, tzinfo=UTC)
ENGINEER = Person("otter-2", "U2", frozenset({Role.ENGINEER}), ZoneInfo("UTC"))
REVIEWER = Person("tapir-3", "U3", frozenset({Role.REVIEWER}), ZoneInfo("UTC"))


def verbs(engine: Engine) -> list[tuple[str, str, str]]:
    c = classifier_events.c
    with reading(engine) as connection:
        rows = connection.execute(select(c.verb, c.model, c.by).order_by(c.audit_seq))
        return [(verb, model, by) for verb, model, by in rows]


def test_the_newest_promotion_is_in_force_and_the_same_again_is_no_second_one(
    ledger: Engine,
) -> None:
    first = promote(ledger, ENGINEER, "text_harms", "aa", reason="good", now=NOW)
    again = promote(ledger, ENGINEER, "text_harms", "aa", reason="good", now=NOW)

    assert (first.changed, again.changed) == (True, False)
    assert verbs(ledger) == [("promote", "aa", "otter-2")]
    assert model_in_force(ledger, "text_harms") == "aa"
    with reading(ledger) as connection:
        last = list(entries(connection))[-1]
    assert (last.actor, last.verb, last.object) == (
        "otter-2",
        "classifier_promote",
        "classifier:text_harms",
    )


def test_rolling_back_goes_to_the_one_before_and_to_the_one_before_that(ledger: Engine) -> None:
    for model in ("aa", "bb", "cc"):
        promote_checked(ledger, "text_harms", model, now=NOW)
    found = [
        roll_back(ledger, ENGINEER, "text_harms", reason="worse", now=NOW).model for _ in range(2)
    ]
    assert found == ["bb", "aa"]
    with pytest.raises(ClassifierError, match="has had 1 models in force"):
        roll_back(ledger, ENGINEER, "text_harms", reason="worse", now=NOW)
    assert model_in_force(ledger, "text_harms") == "aa"


def test_a_refusal_is_written_once_and_changes_nothing(ledger: Engine) -> None:
    promote_checked(ledger, "text_harms", "aa", now=NOW)
    for _ in range(2):
        refuse(ledger, "text_harms", "bb", reason="any: PR-AUC 0.4 after 0.6", now=NOW)
    assert verbs(ledger) == [("promote", "aa", "classifiers"), ("refuse", "bb", "classifiers")]
    assert model_in_force(ledger, "text_harms") == "aa"


def test_a_reviewer_may_neither_promote_nor_roll_back(ledger: Engine) -> None:
    with pytest.raises(PeopleError, match="may 'classify'"):
        promote(ledger, REVIEWER, "text_harms", "aa", reason="good", now=NOW)
    with pytest.raises(PeopleError, match="may 'classify'"):
        roll_back(ledger, REVIEWER, "text_harms", reason="bad", now=NOW)
    assert verbs(ledger) == []
