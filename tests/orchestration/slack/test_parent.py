from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitors.contract import Severity
from orchestration.alerts.records import AlertState
from orchestration.slack.errors import SlackMessageError
from orchestration.slack.message import Block, Message
from orchestration.slack.parent import parent
from orchestration.slack.sample_views import ACKED, FIRST, MASS, RESTRICTED, entities
from orchestration.slack.views import GroupView

AT = datetime(2026, 11, 22, 3, 35, tzinfo=UTC)
DATE = "<!date^1795318500^{date_short_pretty} at {time}|22 Nov 03:35 UTC>"
PRESSED = ["Ack", "Assign to me", "False positive", "Snooze…"]


def made(view: GroupView) -> Message:
    return parent(view, outbox_id="ob_7")


def row(view: GroupView) -> list[Block]:
    rows = [block["elements"] for block in made(view).blocks if block["type"] == "actions"]
    return rows[0] if rows else []


def labels(view: GroupView) -> list[str]:
    return [part.get("text", part.get("placeholder"))["text"] for part in row(view)]


def words(view: GroupView) -> str:
    return str(made(view).blocks)


def snoozes(view: GroupView) -> list[tuple[str, str]]:
    menu = next(part for part in row(view) if part["type"] == "static_select")
    return [(option["text"]["text"], option["value"]) for option in menu["options"]]


def test_a_firing_group_has_every_button() -> None:
    assert labels(FIRST) == [
        "Ack",
        "Assign to me",
        "False positive",
        "Snooze…",
        "Open case",
        "Declare incident",
        "Open in Dagster",
    ]


def test_who_acked_is_not_asked_to_ack_again() -> None:
    assert labels(ACKED) == [*PRESSED[1:], "Open case", "Declare incident"]


def test_a_resolved_group_shows_its_case_and_can_be_no_incident() -> None:
    assert labels(replace(FIRST, state="resolved")) == ["Open case", "Open in Dagster"]


def test_no_button_enforces() -> None:
    ids = {part["action_id"] for part in row(FIRST)}
    assert ids == {
        "ack", "assign", "false_positive", "snooze", "case", "incident", "open_dagster"
    }  # fmt: skip


def test_a_button_sends_back_thread_and_state() -> None:
    values = {part["value"] for part in row(FIRST) if "value" in part}
    assert values == {"th_5b1e90|ab12f0" + "0" * 58}


def test_an_id_that_could_not_be_told_apart_is_refused() -> None:
    with pytest.raises(SlackMessageError, match=r"has a \|; wanted ids"):
        made(replace(FIRST, thread="th|1"))


def test_a_button_says_to_a_screen_reader_what_it_is_for() -> None:
    assert row(FIRST)[0]["accessibility_label"] == ("Acknowledge S1 alert, Card testing: accounts")


def test_a_snooze_is_capped_by_severity_and_asks_first() -> None:
    value = "th_5b1e90|ab12f0" + "0" * 58
    assert snoozes(FIRST) == [
        ("15 min", f"{value}|15m"),
        ("1 h", f"{value}|1h"),
        ("until the next shift, at most 8 h", f"{value}|shift"),
    ]
    assert [name for name, _ in snoozes(replace(FIRST, snooze_max=timedelta(minutes=30)))] == [
        "15 min",
        "until the next shift, at most 30 min",
    ]
    menu = next(part for part in row(FIRST) if part["type"] == "static_select")
    assert menu["confirm"]["title"]["text"] == "Snooze this group?"
    assert "S1 can be snoozed for 8 h at most" in menu["confirm"]["text"]["text"]


def test_a_link_is_offered_only_where_its_address_is_known() -> None:
    bare = replace(FIRST, cases=(), dagster_url=None)
    assert labels(bare) == [*PRESSED, "Open case", "Declare incident"]
    assert "More: `watchfloor alerts show d00e5b71c90a`" in words(bare)
    assert made(bare).text.endswith(" watchfloor alerts show d00e5b71c90a")


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(SlackMessageError, match="is no link"):
        made(replace(FIRST, dagster_url="javascript:alert(1)"))


def test_where_nobody_listens_the_command_is_named_instead_of_buttons() -> None:
    deaf = replace(FIRST, interactive=False)
    assert labels(deaf) == ["Open in Dagster"]
    assert "To ack: `watchfloor alerts ack d00e5b71c90a`" in words(deaf)


def test_the_header_says_severity_state_and_what() -> None:
    assert made(FIRST).blocks[0]["text"]["text"] == "[S1] Card testing: accounts"
    assert made(ACKED).blocks[0]["text"]["text"] == "[S2, acked] Mass messages: chat"


def test_the_count_is_compared_with_what_is_expected() -> None:
    said = "Newest hour: 9 findings; "
    for expected, words_for_it in [
        (2.4, "about 2 expected"),
        (0.3, "fewer than 1 expected"),
        (0.0, "none expected"),
        (None, "usual number not known yet"),
    ]:
        assert said + words_for_it in words(replace(FIRST, expected=expected))


def test_precision_is_never_said_without_its_sample() -> None:
    assert "at least 91 % (n=180)" in words(FIRST)
    assert "not measured yet" in words(ACKED)


def test_the_clock_is_the_readers_and_utc() -> None:
    assert f"Due {DATE} (22 Nov 03:35 UTC)" in words(replace(FIRST, due_at=AT))


def test_an_ack_says_until_when_it_is_quiet() -> None:
    said = words(replace(ACKED, ack_until=AT, assigned_to="bo"))
    assert f"*Acked by ana.* Assigned to bo. Quiet until {DATE}, then it is told again." in said


def test_what_mutes_it_is_said() -> None:
    assert "Muted: silenced by ana." in words(replace(FIRST, muted=("silenced by ana",)))


@pytest.mark.parametrize(
    ("delayed", "said"),
    [
        (timedelta(seconds=60), None),
        (timedelta(seconds=61), "*Delayed by 1 min.*"),
        (timedelta(minutes=3, seconds=59), "*Delayed by 3 min.*"),
        (timedelta(hours=2, minutes=5), "*Delayed by 2 h 5 min.*"),
    ],
)
def test_a_delay_over_a_minute_is_shown(delayed: timedelta, said: str | None) -> None:
    second = made(replace(FIRST, delayed=delayed)).blocks[1]
    assert second["type"] == ("context" if said else "section")
    assert said is None or second["elements"][0]["text"].startswith(said)


def test_at_most_five_entities_are_named_and_the_rest_counted() -> None:
    many = replace(FIRST, entities=entities("device", (9,) * 20, Severity.S1), open=40, total=44)
    said = words(many)
    assert said.count("`device_") == 5
    assert "and 39 more" in said


def test_severity_and_state_of_an_entity_are_said_where_they_differ() -> None:
    first, other, *_ = FIRST.entities
    odd = replace(other, severity=Severity.S2, state=AlertState.ACKED)
    said = words(replace(FIRST, entities=(first, odd)))
    assert "`device_013a09c2e1d4` S2, acked, 3 findings" in said


def test_several_monitors_are_told_by_their_harm_and_each_with_its_runbook() -> None:
    both = replace(FIRST, monitors=(*FIRST.monitors, MASS), harms=("payment_abuse", "spam"))
    assert made(both).blocks[0]["text"]["text"] == "[S1] Payment abuse and spam: accounts"
    assert "`docs/runbooks/card_testing.md`" in words(both)
    assert "`docs/runbooks/mass_messages.md`" in words(both)
    assert "Monitor accounts/card_testing and 1 more." in made(both).text


@pytest.mark.parametrize("harm", ["child_safety", "self_harm"])
def test_of_a_restricted_harm_only_its_category_and_the_way_to_it_are_said(harm: str) -> None:
    hidden = replace(RESTRICTED, harms=(harm,), restricted=False, dagster_url="https://d.example/r")
    payload = str(made(hidden).payload())
    category = {"child_safety": "Child safety", "self_harm": "Self-harm"}[harm]
    assert f"[S0] {category}: restricted" in payload
    assert "watchfloor alerts show a00e5b71c90a" in payload
    for secret in ("chat", "account_", "self_harm_concern", "finding", "d.example", "runbook"):
        assert secret not in payload
    assert labels(hidden) == ["Ack", "Assign to me", "Open case", "Declare incident"]


def test_a_restricted_group_points_at_its_case_and_at_nothing_else() -> None:
    case = replace(RESTRICTED, cases=("case_7",))
    assert made(case).text.endswith(" watchfloor cases show case_7")
    assert "Look at it with `watchfloor cases show case_7`." in words(case)


def test_the_cases_of_a_group_are_named_below_it() -> None:
    assert "Group `51ab7c20d9f3` · Case `case_7c20d9f35b1e9042`" in words(FIRST)
    many = replace(FIRST, cases=("case_1", "case_2", "case_3"))
    assert "Case `case_1` and `case_2` and 1 more" in words(many)
    assert "Case" not in words(replace(FIRST, cases=())).split("Group")[1]


def test_an_incident_is_declared_only_after_a_question() -> None:
    button = next(part for part in row(FIRST) if part["action_id"] == "incident")
    assert button["confirm"]["title"]["text"] == "Declare an incident?"
    assert "Nothing is done to any account by this." in button["confirm"]["text"]["text"]


def test_metadata_is_how_a_message_is_found_again() -> None:
    assert made(FIRST).payload()["metadata"] == {
        "event_type": "alert_group",
        "event_payload": {
            "thread": "th_5b1e90",
            "group": "51ab7c20d9f3" + "0" * 52,
            "state_hash": "ab12f0" + "0" * 58,
            "outbox_id": "ob_7",
        },
    }


def test_a_parent_is_updated_in_place() -> None:
    changed = made(FIRST).update("1763780700.000100")
    assert changed["ts"] == "1763780700.000100"
    assert set(changed) == {"channel", "ts", "text", "blocks", "metadata"}


def test_a_slack_id_is_a_mention_and_any_other_a_word() -> None:
    assert "On call: <@U0ONCALL1>" in words(FIRST)
    assert "On call: ben" in words(replace(FIRST, on_call="ben"))
    assert "<@" not in words(replace(FIRST, on_call="U0<!channel>"))


def test_a_long_address_never_pushes_the_facts_out_of_the_notification() -> None:
    long = "https://dagster.example.com/" + "x" * 500
    text = made(replace(FIRST, cases=(), dagster_url=long)).text
    assert len(text) <= 300
    assert text.endswith("watchfloor alerts show d00e5b71c90a")


def test_the_longest_facts_still_fit_a_notification() -> None:
    monitor = replace(MASS, id="p" * 200 + "/" + "m" * 200)
    view = replace(
        FIRST,
        monitors=(monitor, monitor),
        products=("a" * 90, "b" * 90),
        harms=("h" * 90,),
        findings=10**9,
        open=10**9,
        cases=(),
        dagster_url="https://c.example/" + "x" * 72,
        assigned_to="z" * 90,
    )
    text = made(view).text
    assert len(text) <= 300
    assert "Monitor ppp" in text
    assert text.endswith("x" * 72)


def test_a_group_without_entities_points_at_the_list() -> None:
    empty = replace(FIRST, entities=(), cases=(), dagster_url=None)
    assert made(empty).text.endswith(" watchfloor alerts list")
