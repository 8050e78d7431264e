import copy
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.slack.requests import Click, RequestError, Submission, parse

CANARY = "canary 7f3a"
# As Slack documents them, less what we do not read.
BUTTON: dict[str, Any] = {
    "type": "block_actions",
    "user": {"id": "U0ANA", "username": "ana", "team_id": "T0TEAM"},
    "api_app_id": "A0APP",
    "container": {"type": "message", "message_ts": "1772452800.000100", "channel_id": "C0ALERTS"},
    "trigger_id": "12466734323.1395872398.4b0a",
    "team": {"id": "T0TEAM", "domain": "example"},
    "channel": {"id": "C0ALERTS", "name": "alerts"},
    "message": {"type": "message", "text": "S1 Scraping"},
    "response_url": "https://hooks.slack.com/actions/T0TEAM/1/abc",
    "actions": [
        {
            "type": "button",
            "block_id": "acts",
            "action_id": "ack",
            "text": {"type": "plain_text", "text": "Ack", "emoji": False},
            "value": "th_5f1|ab12",
            "action_ts": "1772452805.120000",
        }
    ],
}
MENU: dict[str, Any] = {
    **BUTTON,
    "actions": [
        {
            "type": "static_select",
            "action_id": "snooze",
            "block_id": "acts",
            "selected_option": {
                "text": {"type": "plain_text", "text": "15 minutes"},
                "value": "th_5f1|ab12|15m",
            },
            "action_ts": "1772452805.120000",
        }
    ],
}
SENT: dict[str, Any] = {
    "type": "view_submission",
    "team": {"id": "T0TEAM"},
    "user": {"id": "U0ANA"},
    "trigger_id": "12466734323.1395872398.4b0b",
    "view": {
        "id": "V0VIEW",
        "type": "modal",
        "callback_id": "false_positive",
        "private_metadata": "th_5f1|ab12",
        "state": {"values": {"who": {"who": {"type": "checkboxes", "selected_options": []}}}},
        "hash": "156772938.1827394",
    },
    "response_urls": [],
}
CLICK = Click(
    user="U0ANA",
    action="ack",
    thread="th_5f1",
    state_hash="ab12",
    channel="C0ALERTS",
    ts="1772452800.000100",
    trigger_id="12466734323.1395872398.4b0a",
    response_url="https://hooks.slack.com/actions/T0TEAM/1/abc",
)


def changed(payload: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """The payload with one place of it replaced, or taken out where the value is `...`."""
    made = copy.deepcopy(payload)
    *parents, last = [int(key) if key.isdecimal() else key for key in path.split("/")]
    place: Any = made
    for key in parents:
        place = place[key]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return made


def test_a_button_is_a_click_for_a_thread_at_a_state() -> None:
    assert parse(BUTTON) == CLICK


@pytest.mark.parametrize("action", ["ack", "assign", "false_positive"])
def test_every_button_says_its_action(action: str) -> None:
    click = parse(changed(BUTTON, "actions/0/action_id", action))
    assert isinstance(click, Click)
    assert click.action == action


@pytest.mark.parametrize("choice", ["15m", "1h", "shift"])
def test_a_menus_choice_belongs_to_its_action(choice: str) -> None:
    click = parse(changed(MENU, "actions/0/selected_option/value", f"th_5f1|ab12|{choice}"))
    assert isinstance(click, Click)
    assert (click.action, click.thread, click.state_hash) == (f"snooze:{choice}", "th_5f1", "ab12")


@pytest.mark.parametrize("value", [..., None, ""])
def test_slack_may_give_no_address_for_an_answer(value: object) -> None:
    click = parse(changed(BUTTON, "response_url", value))
    assert isinstance(click, Click)
    assert click.response_url is None


def test_a_button_that_only_opens_a_page_asks_nothing() -> None:
    opened = changed(BUTTON, "actions/0/action_id", "open_dagster")
    assert parse(changed(opened, "actions/0/value", ...)) is None


def test_a_choice_within_a_dialogue_asks_nothing_yet() -> None:
    assert parse(changed(BUTTON, "container", {"type": "view", "view_id": "V0VIEW"})) is None


def test_a_dialogue_that_was_sent_keeps_what_we_gave_it() -> None:
    assert parse(SENT) == Submission(
        user="U0ANA",
        private_metadata="th_5f1|ab12",
        values={"who": {"who": {"type": "checkboxes", "selected_options": []}}},
        callback_id="false_positive",
    )


@pytest.mark.parametrize(
    ("payload", "path", "value", "field"),
    [
        (BUTTON, "type", "shortcut", "type"),
        (BUTTON, "type", ..., "type"),
        (BUTTON, "container", ..., "container"),
        (BUTTON, "container/message_ts", "soon", "container.message_ts"),
        (BUTTON, "actions", [], "actions"),
        (BUTTON, "actions", [CANARY], "actions"),
        (BUTTON, "actions/0/action_id", CANARY, "actions.action_id"),
        (BUTTON, "actions/0/value", ..., "actions.value"),
        (BUTTON, "actions/0/value", "th_5f1", "actions.value"),
        (BUTTON, "actions/0/value", "th_5f1|ab12|15m", "actions.value"),
        (BUTTON, "actions/0/value", f"{CANARY}|ab12", "actions.value"),
        (BUTTON, "user", CANARY, "user"),
        (BUTTON, "user/id", CANARY, "user.id"),
        (BUTTON, "channel", ..., "channel"),
        (BUTTON, "trigger_id", 7, "trigger_id"),
        (BUTTON, "response_url", "http://hooks.slack.com/plain", "response_url"),
        (MENU, "actions/0/selected_option", ..., "actions.selected_option"),
        (MENU, "actions/0/selected_option/value", "a|b", "actions.selected_option.value"),
        (SENT, "view", ..., "view"),
        (SENT, "view/private_metadata", ..., "view.private_metadata"),
        (SENT, "view/private_metadata", "x" * 3001, "view.private_metadata"),
        (SENT, "view/state", ..., "view.state"),
        (SENT, "view/state/values", [CANARY], "view.state.values"),
        (SENT, "view/state/values/who", CANARY, "view.state.values"),
        (SENT, "view/state/values/who/who", CANARY, "view.state.values"),
        (SENT, "view/callback_id", ..., "view.callback_id"),
        (SENT, "user/id", ..., "user.id"),
    ],
)
def test_what_is_malformed_is_named_and_never_repeated(
    payload: dict[str, Any], path: str, value: object, field: str
) -> None:
    with pytest.raises(RequestError) as error:
        parse(changed(payload, path, value))
    assert error.value.field == field
    assert f"'{field}'" in str(error.value)
    assert CANARY not in str(error.value)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    payload=st.sampled_from([BUTTON, MENU, SENT]),
    where=st.integers(min_value=0, max_value=30),
    value=anything,
)
def test_whatever_stands_in_a_payload_it_is_read_or_refused(
    payload: dict[str, Any], where: int, value: object
) -> None:
    paths = list(places(payload))
    with suppress(RequestError):  # and no other
        found = parse(changed(payload, paths[where % len(paths)], value))
        assert found is None or isinstance(found, Click | Submission)


def places(value: object, path: str = "") -> list[str]:
    inner: list[tuple[str, object]] = []
    if isinstance(value, dict):
        inner = [(str(key), item) for key, item in value.items()]
    elif isinstance(value, list):
        inner = [(str(key), item) for key, item in enumerate(value)]
    found = []
    for key, item in inner:
        at = f"{path}/{key}" if path else key
        found += [at, *places(item, at)]
    return found
