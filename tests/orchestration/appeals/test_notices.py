import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from orchestration.appeals.codes import Outcome
from orchestration.appeals.health import notices_state
from orchestration.appeals.notices import Sent
from orchestration.appeals.statements import export
from orchestration.executors.dry_run import Refusing
from orchestration.executors.errors import DryRunError
from orchestration.executors.http import HttpExecutor
from orchestration.executors.protocol import Notice
from orchestration.ledger.database import reading
from orchestration.policies.policy import Policies
from orchestration.reference_service.faults import Faults, Rule
from tests.orchestration.appeals.houses import START, House, house
from tests.orchestration.reference_service.services import SECRET
from tests.support.executing import DRY

MINUTE = timedelta(minutes=1)


class Listening:
    """Notes what is told on its way to the service."""

    def __init__(self, house: House) -> None:
        self.behind = house.floor.executor
        self.told: list[Notice] = []

    def tell(self, notice: Notice) -> None:
        self.told.append(notice)
        self.behind.tell(notice)


def test_a_user_is_told_in_the_words_of_the_policy(house: House) -> None:
    (suspended,) = house.done("u1")
    heard = Listening(house)
    assert house.send(executor=heard).sent == 1
    (notice,) = heard.told
    assert (notice.target_type, notice.target) == ("account_id", "u1")
    text = notice.text["text"]
    assert text.startswith("Your account is suspended. ")
    assert "Spam (version 1)" in text
    assert "A machine" not in text
    assert f"Reference: {suspended}." in text
    assert "until 2026-09-03" in text
    assert (notice.text["kind"], notice.text["policy"]) == ("applied", "spam")
    assert all(isinstance(part, str) for part in notice.text.values())
    (row,) = house.table("notices")
    assert (row["state"], row["sent_at"], row["attempts"]) == ("sent", START, 1)
    assert house.is_sound()


def test_one_whose_policy_was_worded_anew_is_told_plainly(house: House) -> None:
    house.done("u1")
    items = house.terms.policies.items
    newer = Policies(
        tuple(replace(one, version=one.version + 1) for one in items), house.terms.policies.appeal
    )
    heard = Listening(house)
    house.send(executor=heard, terms=replace(house.terms, policies=newer))
    assert "Policy: spam (version 1)." in heard.told[0].text["text"]
    assert "out-of-court" in heard.told[0].text["text"]


@pytest.mark.parametrize(
    ("outcome", "more", "said"),
    [
        (Outcome.UPHELD, {}, "out-of-court dispute settlement body, or to a court"),
        (Outcome.OVERTURNED, {}, "You were right"),
        (Outcome.PARTIAL, {"action": "restrict_messaging"}, "something lighter follows"),
    ],
)
def test_an_appeal_is_notified_once_its_user_was_told(
    house: House, outcome: Outcome, more: dict[str, str], said: str
) -> None:
    (suspended,) = house.done("u1")
    appeal_id = house.decided(suspended, outcome, **more).appeal.appeal_id
    assert house.appeal(appeal_id).state == outcome
    house.forward(hours=1)
    heard = Listening(house)
    assert house.send(executor=heard).sent == 2
    assert [one.text["kind"] for one in heard.told] == ["applied", "appeal"]
    assert said in heard.told[1].text["text"]
    assert (heard.told[1].text["request"], heard.told[1].text["outcome"]) == ("S-1", outcome)
    found = house.appeal(appeal_id)
    assert (found.state, found.notified_at) == ("notified", house.now)
    assert (found.outcome, found.reviewer) == (outcome, "sam")
    assert house.send(executor=heard).sent == 0
    assert house.is_sound()


def test_of_one_enforcement_no_notice_overtakes_another(ledger: Engine, tmp_path: Path) -> None:
    lost = Faults([Rule("error_before", ["notice"], tries=5)])
    with house(ledger, tmp_path / "service", faults=lost) as it:
        (suspended,) = it.done("u1")
        it.decided(suspended)
        assert it.send() == Sent(put_off=1)
        assert it.notices() == [("applied", "queued"), ("appeal", "queued")]
        it.forward(seconds=30)
        assert (it.send().sent, it.notices()[0]) == (1, ("applied", "sent"))
        assert it.notices()[1] == ("appeal", "queued")
        it.forward(seconds=30)
        assert it.send().sent == 1


def test_a_lost_answer_tells_nobody_twice(ledger: Engine, tmp_path: Path) -> None:
    with house(
        ledger, tmp_path / "service", faults=Faults([Rule("drop_after", ["notice"], tries=5)])
    ) as it:
        it.done("u1")
        assert it.send().put_off == 1
        (row,) = it.table("notices")
        assert (row["state"], row["attempts"], row["error"]) == ("queued", 1, "unclear")
        it.forward(seconds=30)
        assert it.send().sent == 1
        assert [kind for kind, _ in it.floor.client.effects()] == ["applied", "notice"]


def test_one_told_in_other_words_before_counts_as_told(house: House) -> None:
    house.done("u1")
    (row,) = house.table("notices")
    other = Notice(row["notice_id"], "account_id", "u1", {"text": "in other words"})
    house.floor.executor.tell(other)
    assert house.send().sent == 1
    assert [kind for kind, _ in house.floor.client.effects()] == ["applied", "notice"]


def test_a_service_that_is_away_holds_all_up_and_waits_grow(house: House) -> None:
    house.done("u1", "u2")
    nowhere = "http://127.0.0.1:1"
    away = HttpExecutor(nowhere, SECRET, clock=house.floor.clock, sleep=lambda _: None)
    found = house.send(executor=away)
    assert (found.sent, found.put_off, found.stopped) == (0, 2, "unreachable")
    with reading(house.engine) as connection:
        state = notices_state(connection)
    assert (state.queued, state.oldest, state.failed) == (2, START, 0)
    house.forward(minutes=1)
    assert house.send().sent == 2


def test_one_whose_real_id_was_forgotten_is_given_up_with_a_code(house: House) -> None:
    (suspended,) = house.done("u1")
    house.floor.names.forget("account_id", "u1")
    assert house.send().failed == 1
    (row,) = house.table("notices")
    assert (row["state"], row["error"], row["enforcement_id"]) == (
        "failed",
        "target_unknown",
        suspended,
    )
    with reading(house.engine) as connection:
        assert notices_state(connection).failed == 1


def test_many_who_send_at_once_tell_each_user_once(house: House) -> None:
    accounts = [f"u{number}" for number in range(12)]
    house.done(*accounts)
    barrier, counts = threading.Barrier(3), []

    def work() -> None:
        barrier.wait()
        counts.append(house.send(chunk=3).sent)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(counts), sum(counts)) == (3, 12)
    kinds = [kind for kind, _ in house.floor.client.effects()]
    assert kinds.count("notice") == 12


def test_a_dry_run_has_no_notice_and_no_statement(house: House) -> None:
    house.room.terms = DRY
    house.done("u1")
    assert house.table("notices") == []
    with reading(house.engine) as connection:
        assert export(connection, START).is_empty()


def test_the_wall_of_dry_run_is_hit_loudly_and_loses_nothing(house: House) -> None:
    house.done("u1")
    with pytest.raises(DryRunError):
        house.send(executor=Refusing())
    assert house.notices() == [("applied", "queued")]


def test_statements_are_exported_as_the_dsa_names_them_and_warnings_are_not(house: House) -> None:
    (suspended,) = house.done("u1")
    house.done("u2", action="warn")
    house.decided(suspended)
    house.floor.undo()
    house.send()
    with reading(house.engine) as connection:
        frame = export(connection, START)
        assert export(connection, START + MINUTE).is_empty()
    (row,) = frame.to_dicts()
    assert (row["puid"], row["enforcement_id"]) == (suspended, suspended)
    assert (row["state"], row["reversed_at"]) == ("sent", START)
    assert row["decision_account"] == "DECISION_ACCOUNT_SUSPENDED"
    assert row["decision_ground"] == "DECISION_GROUND_INCOMPATIBLE_CONTENT"
    assert row["category"] == "STATEMENT_CATEGORY_OTHER_VIOLATION_TC"
    assert row["content_type"] == ["CONTENT_TYPE_TEXT"]
    assert row["automated_detection"] == "Yes"
    assert row["automated_decision"] == "AUTOMATED_DECISION_NOT_AUTOMATED"
    assert row["source_type"] == "SOURCE_VOLUNTARY"
    assert row["application_date"] == "2026-03-03"
    assert len(row["territorial_scope"]) == 30
    assert row["decision_monetary"] is None
