from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestration.executors.errors import Unclear
from orchestration.reference_service.faults import Faults, Rule
from orchestration.reference_service.journal import MOST, Journal
from tests.orchestration.reference_service.services import Client, Clock, order, running

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
FIRST = {
    "seq": 1,
    "at": "2026-03-02T12:00:00.000000+00:00",
    "on": "apply",
    "key": "k1",
    "of": None,
    "fault": None,
    "status": 200,
}


def requests(client: Client, after: int = 0) -> list[tuple[str, str, str | None, int | None]]:
    """What was asked: what, key, application to restore, and the status of the answer."""
    found = client.ask("GET", f"/v1/requests?after={after}")[1]["requests"]
    return [(each["on"], each["key"], each["of"], each["status"]) for each in found]


def test_a_request_is_noted_with_its_time_and_answer(tmp_path: Path) -> None:
    with running(tmp_path) as client:
        client.executor().apply(order())
        assert client.ask("GET", "/v1/requests")[1] == {"requests": [FIRST]}


def test_everything_asked_under_a_key_is_noted_and_nothing_else(tmp_path: Path) -> None:
    with running(tmp_path) as client:
        executor = client.executor()
        executor.apply(order())
        executor.restore(order("k1:r1"), of="k1", prior='"active"')
        executor.find("k9")
        client.value()
        client.log()
        assert requests(client) == [
            ("apply", "k1", None, 200),
            ("restore", "k1:r1", "k1", 200),
            ("find", "k9", None, 404),
        ]
        assert requests(client, after=2) == [("find", "k9", None, 404)]


def test_a_request_whose_connection_was_cut_has_no_status(tmp_path: Path) -> None:
    faults = Faults([Rule("drop_after", on=("apply",), tries=9)])
    with running(tmp_path, faults=faults) as client:
        with pytest.raises(Unclear):
            client.executor().apply(order())
        found = client.ask("GET", "/v1/requests")[1]["requests"]
    assert [(each["status"], each["fault"]) for each in found] == [(None, "drop_after")] * 5


def test_what_is_refused_later_on_a_connection_changes_no_answer_before(tmp_path: Path) -> None:
    with running(tmp_path, clock=Clock()) as client:
        client.executor().find("k9")
        client.ask("GET", "/v1/nowhere")
        assert requests(client) == [("find", "k9", None, 404)]


def test_the_newest_hundred_thousand_are_kept_and_given_by_the_thousand() -> None:
    journal = Journal()
    for number in range(MOST + 5):
        journal.note(AT, "find", f"k{number}")
    assert [each["seq"] for each in journal.after(0)] == list(range(6, 1006))
    assert [each["seq"] for each in journal.after(1005)[:2]] == [1006, 1007]
    assert [each["seq"] for each in journal.after(MOST + 3)] == [MOST + 4, MOST + 5]
    assert journal.after(MOST + 5) == []
    assert Journal().after(0) == []
