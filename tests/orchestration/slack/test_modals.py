# ruff: noqa: RUF001 - characters that look alike are what is tested

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from slack_sdk.models.views import View

from monitors.contract import Severity
from orchestration.slack.errors import SlackMessageError
from orchestration.slack.message import Payload
from orchestration.slack.modals import (
    Code,
    FalsePositives,
    NothingChosenError,
    done_answer,
    false_positive_modal,
    parse_false_positives,
    refused_answer,
    stale_answer,
)
from orchestration.slack.sample_views import FIRST, RESTRICTED, entities
from orchestration.slack.views import ActView, Verb

AT = datetime(2026, 11, 22, 3, 7, tzinfo=UTC)
UNTIL = datetime(2026, 11, 22, 7, 7, tzinfo=UTC)
MANY = replace(
    FIRST, entities=entities("device", tuple(range(25, 0, -1)), Severity.S1), open=30, total=30
)
ACK = ActView(Verb.ACK, "ana", AT, 3, UNTIL)


def checkboxes(view: Payload) -> list[dict[str, Any]]:
    elements = [block["element"] for block in view["blocks"] if block["type"] == "input"]
    return [element for element in elements if element["type"] == "checkboxes"]


def state(*chosen: list[str], code: str = "test") -> dict[str, dict[str, Any]]:
    lists = {
        f"entities_{i}": {"entities": {"selected_options": [{"value": one} for one in ids]}}
        for i, ids in enumerate(chosen)
    }
    return {**lists, "code": {"code": {"selected_option": {"value": code}}}}


def test_at_most_twenty_entities_are_listed_and_none_is_chosen() -> None:
    view = false_positive_modal(MANY)
    listed = [option["value"] for box in checkboxes(view) for option in box["options"]]
    assert listed == [entity.alert_id for entity in MANY.entities[:20]]
    assert [len(box["options"]) for box in checkboxes(view)] == [10, 10]
    assert "initial_option" not in str(view)
    assert "The worst 20 of 30 are listed." in view["blocks"][0]["text"]["text"]


def test_entities_are_listed_by_pseudonym() -> None:
    first = checkboxes(false_positive_modal(FIRST))[0]["options"][0]
    assert first["text"]["text"] == "device_003a09c2e1d4"
    assert first["description"]["text"] == "S1, firing, 9 findings"


@pytest.mark.parametrize("view", [FIRST, MANY])
def test_slacks_own_library_finds_nothing_wrong_with_the_dialog(view: Any) -> None:  # noqa: ANN401
    View(**false_positive_modal(view)).validate_json()


def test_the_dialog_remembers_thread_and_state() -> None:
    assert false_positive_modal(FIRST)["private_metadata"] == "th_5b1e90|ab12f0" + "0" * 58


def test_the_dialog_says_that_review_decides() -> None:
    assert "A reviewer decides" in false_positive_modal(FIRST)["blocks"][0]["text"]["text"]


def test_a_restricted_group_is_never_listed() -> None:
    with pytest.raises(SlackMessageError, match="decide on it in its case"):
        false_positive_modal(RESTRICTED)


def test_a_group_without_entities_has_nothing_to_choose() -> None:
    with pytest.raises(SlackMessageError, match="has no entities"):
        false_positive_modal(replace(FIRST, entities=()))


def test_what_was_chosen_is_read_from_both_lists_once() -> None:
    found = parse_false_positives("th_1|ab12", state(["al_1", "al_2"], ["al_12", "al_2"]))
    assert found == FalsePositives("th_1", "ab12", ("al_1", "al_2", "al_12"), Code.TEST)


def test_nothing_chosen_is_told_beside_the_list() -> None:
    with pytest.raises(NothingChosenError) as refused:
        parse_false_positives("th_1|ab12", state([], []))
    assert refused.value.answer == {
        "response_action": "errors",
        "errors": {"entities_0": "Choose at least one, or cancel."},
    }


@pytest.mark.parametrize("metadata", ["", "th_1", "|ab12", "th_1|", "th_1|ab|12"])
def test_metadata_that_is_not_ours_is_refused(metadata: str) -> None:
    with pytest.raises(SlackMessageError, match="private_metadata is not"):
        parse_false_positives(metadata, state(["al_1"]))


@pytest.mark.parametrize(
    "values",
    [
        {},
        state(),
        state(["al_1"], code="because"),
        {**state(["al_1"]), "code": {}},
        {**state(["al_1"]), "code": {"code": {"selected_option": None}}},
        {**state(["al_1"]), "entities_1": {"entities": {"selected_options": [{}]}}},
        {**state(["al_1"]), "entities_1": {"entities": {"selected_options": [{"value": 7}]}}},
        {**state(["al_1"]), "entities_1": {"entities": {"selected_options": None}}},
    ],
)
def test_a_state_that_is_not_ours_is_refused_without_repeating_it(values: Any) -> None:  # noqa: ANN401
    with pytest.raises(SlackMessageError, match="open a new dialog") as refused:
        parse_false_positives("th_1|ab12", values)
    assert "because" not in str(refused.value)


def test_more_than_were_listed_are_refused() -> None:
    with pytest.raises(SlackMessageError, match="21 entities were chosen"):
        parse_false_positives("th_1|ab12", state([f"al_{i}" for i in range(21)]))


def test_a_click_on_an_old_state_is_told_who_was_first() -> None:
    text = stale_answer(FIRST, ACK)["text"]
    assert text.startswith("Nothing was done: this changed before your click. ana acked 3 alerts")


def test_a_click_on_an_old_state_that_nobody_changed_points_at_the_thread() -> None:
    assert "There is news in the thread." in stale_answer(FIRST, None)["text"]


def test_a_refusal_says_why() -> None:
    answer = refused_answer("To ack needs the role oncall; ask <@U1>.")
    assert answer["text"] == ("Nothing was done. To ack needs the role oncall; ask &lt;＠U1&gt;.")
    assert answer["blocks"][0]["text"]["text"] == answer["text"]


def test_what_was_done_is_confirmed() -> None:
    assert done_answer(FIRST, replace(ACK, verb=Verb.ASSIGN))["text"] == "Done: ana takes 3 alerts."
