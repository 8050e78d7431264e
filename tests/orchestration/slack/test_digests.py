from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitors.contract import Severity
from orchestration.slack.digests import digest, handover, storm
from orchestration.slack.escalation import escalation
from orchestration.slack.health import health
from orchestration.slack.message import Message
from orchestration.slack.sample_views import (
    CALLED,
    DAILY,
    LADDER,
    RESTRICTED,
    ROWS,
    SHIFT,
    STORM,
    UNWELL,
    WELL,
)
from orchestration.slack.views import HealthItem, HealthView

AT = datetime(2026, 11, 22, 3, 5, tzinfo=UTC)


def said(message: Message) -> str:
    parts = [block.get("text", {}).get("text", "") for block in message.blocks]
    return "\n".join(part for part in parts if part)


def lines(message: Message) -> list[str]:
    return [line for line in said(message).splitlines() if line.startswith("• ")]


def test_a_digest_of_25_rows_shows_20_and_says_where_the_rest_is() -> None:
    made = digest(DAILY, outbox_id="ob_1")
    assert len(lines(made)) == 20
    assert "*5 more* in `watchfloor alerts list --severity S3`." in said(made)


def test_20_rows_need_no_pointer_to_more() -> None:
    made = digest(replace(DAILY, rows=ROWS[:20]), outbox_id="ob_1")
    assert len(lines(made)) == 20
    assert "more" not in said(made)


def test_the_rest_is_a_link_where_there_is_a_page() -> None:
    made = digest(replace(DAILY, url="https://w.example/alerts"), outbox_id="ob_1")
    assert "*5 more* in <https://w.example/alerts|the whole list>." in said(made)


def test_a_row_says_how_it_changed_since_the_last_digest() -> None:
    first, second, third = lines(digest(DAILY, outbox_id="ob_1"))[:3]
    assert first == "• *S3* `web/scraping` 30 open (+3), 200 findings. `00e5b71c90a4`"
    assert "29 open (as before)" in second
    assert "28 open (-2)" in third


def test_a_quiet_day_is_said_to_be_quiet() -> None:
    made = digest(replace(DAILY, rows=(), opened=0, resolved=2, open=0), outbox_id="ob_1")
    assert made.blocks[0]["text"]["text"] == "Daily digest: all quiet"
    assert "*All quiet.* Nothing needs you." in said(made)
    assert made.text.startswith("Daily digest: all quiet.")


def test_a_row_names_the_product_only_where_its_monitor_does_not() -> None:
    row = replace(ROWS[0], monitor="platform/account_farm_device", product="chat")
    made = digest(replace(DAILY, rows=(row,)), outbox_id="ob_1")
    assert "`platform/account_farm_device` on chat, 30 open" in said(made)


def test_a_row_links_to_its_thread_where_it_has_one() -> None:
    row = replace(ROWS[0], url="https://s.example/p1")
    made = digest(replace(DAILY, rows=(row,)), outbox_id="ob_1")
    assert lines(made)[0].endswith("200 findings. <https://s.example/p1|Open the thread>")


def test_a_hand_over_says_who_has_what_and_hides_what_is_restricted() -> None:
    made = handover(SHIFT, outbox_id="ob_1")
    assert "ana hands over to <@U0ONCALL1>. 2 pages in the shift." in said(made)
    assert lines(made)[0] == "• *S0* Self-harm, restricted, acked by ana. `a00e5b71c90a`"
    assert "self_harm_concern" not in str(made.payload())


def test_a_restricted_harm_is_hidden_whether_marked_or_not() -> None:
    row = replace(ROWS[0], harm="child_safety", restricted=False, url="https://s.example/p1")
    made = digest(replace(DAILY, rows=(row,)), outbox_id="ob_1")
    assert lines(made) == ["• *S3* Child safety, restricted. `00e5b71c90a4`"]


def test_a_storm_counts_what_it_stands_for() -> None:
    made = storm(STORM, outbox_id="ob_1")
    assert made.blocks[0]["text"]["text"] == "Storm: 31 groups at once"
    assert "*4 at S1, 20 at S2 and 7 at S3.*" in said(made)
    assert "<https://watchfloor.example.com/alerts|31 more in the list>" in said(made)
    assert made.text.startswith("S1, urgent. Storm: 31 groups at once")


def test_a_storm_without_a_page_names_the_command() -> None:
    made = storm(replace(STORM, url=None), outbox_id="ob_1")
    assert "`watchfloor alerts list`" in said(made)
    assert made.text.endswith("watchfloor alerts list")


def test_health_names_what_failed_since_when() -> None:
    made = health(UNWELL, outbox_id="ob_1")
    assert len(lines(made)) == 5
    assert lines(made)[1].startswith("• *Asset late:* `web/monitors/scraping` since <!date^")
    assert "*Notices wait.* The oldest for 4 min." in said(made)
    assert "silence does not mean that all is quiet" in said(made)


def test_health_that_came_back_is_said_too() -> None:
    made = health(HealthView("C0OPS", AT, fine=True), outbox_id="ob_1")
    assert made.blocks[0]["text"]["text"] == "Watchfloor is well again"
    assert "Nothing to do." in said(made)


def test_health_lists_apart_what_is_over_and_counts_only_what_lasts() -> None:
    made = health(UNWELL, outbox_id="ob_1")
    assert made.text.startswith("Watchfloor needs attention: 5 failed or late.")
    before, _, after = said(made).partition("*Over:*")
    assert "1 told before still goes on." in before
    assert lines(made)[4].startswith("• *Asset late:* `chat/monitors/mass_messages` from <!date^")
    assert "chat/monitors/mass_messages" in after
    assert "chat/monitors/mass_messages" not in before


def test_health_of_which_all_is_over_says_so() -> None:
    made = health(WELL, outbox_id="ob_1")
    assert made.text.startswith("Watchfloor is well again.")
    assert "*All of it is over:*" in said(made)
    assert "silence does not mean" not in said(made)
    assert len(lines(made)) == 4


def test_waiting_that_is_over_is_told_in_its_own_words() -> None:
    late = HealthItem("outbox", "outbox", AT, until=AT + timedelta(hours=1))
    made = health(HealthView("C0OPS", AT, over=(late,), others=2), outbox_id="ob_1")
    assert "*Notices waited:* `outbox` from <!date^" in said(made)
    assert "2 told before still go on." in said(made)
    assert made.text.startswith("Watchfloor needs attention: 2 failed or late.")


def test_findings_that_wait_are_told_without_any_failed_check() -> None:
    made = health(HealthView("C0OPS", AT, intake_age=timedelta(hours=2)), outbox_id="ob_1")
    assert "*Findings wait.* The last intake was 2 h ago." in said(made)


def test_many_failures_are_counted_after_twenty() -> None:
    items = tuple(HealthItem("check", f"check {i}", AT) for i in range(25))
    made = health(HealthView("C0OPS", AT, items), outbox_id="ob_1")
    assert len(lines(made)) == 20
    assert "and 5 more" in said(made)


def test_who_is_called_first_is_told_that_they_are_on_call_and_that_it_has_begun() -> None:
    made = escalation(CALLED, outbox_id="ob_1")
    assert made.blocks[0]["text"]["text"] == "[S1] Card testing: accounts"
    assert "<@U0ONCALL1>: *You are on call for this. It has just begun.* Please ack" in said(made)
    assert "Nobody acked" not in f"{said(made)} {made.text}"


def test_a_channel_that_is_called_first_is_not_on_call() -> None:
    made = escalation(replace(CALLED, to=("Everybody here",)), outbox_id="ob_1")
    assert "Everybody here: *This has just begun.* Please ack" in said(made)


def test_a_first_call_that_leaves_late_says_when_it_began() -> None:
    late = timedelta(minutes=20)
    view = replace(CALLED, group=replace(CALLED.group, delayed=late), waited=late)
    made = escalation(view, outbox_id="ob_1")
    assert "*You are on call for this. It began 20 min ago.*" in said(made)
    assert "Delayed by 20 min." in made.blocks[1]["elements"][0]["text"]


def test_a_first_call_that_was_to_wait_says_for_how_long_nobody_answered() -> None:
    made = escalation(replace(CALLED, waited=timedelta(hours=4)), outbox_id="ob_1")
    assert made.blocks[0]["text"]["text"] == "[S1] Unanswered: Card testing: accounts"
    assert "<@U0ONCALL1>: *Nobody acked for 4 h.* Please ack" in said(made)


def test_an_escalation_says_whom_it_asks_why_and_who_is_next() -> None:
    made = escalation(LADDER, outbox_id="ob_1")
    assert made.channel == "C0PAYLEADS"
    assert "<@U0ONCALL2>: *Nobody acked for 15 min.* Please ack" in said(made)
    small = made.blocks[-1]["elements"][0]["text"]
    assert small.startswith("Step 2 of 3 of the escalation. Next: <@U0LEAD001>, <!date^")


def test_the_last_step_says_that_nobody_is_next() -> None:
    made = escalation(replace(LADDER, step=3, next_to=(), next_at=None), outbox_id="ob_1")
    small = made.blocks[-1]["elements"][0]["text"]
    assert small == "Step 3 of 3 of the escalation. Nobody is asked after this."


def test_an_escalation_of_a_restricted_group_says_its_category_only() -> None:
    payload = str(escalation(replace(LADDER, group=RESTRICTED), outbox_id="ob_1").payload())
    assert "[S0] Unanswered: Self-harm: restricted" in payload
    for secret in ("chat", "account_", "self_harm_concern", "finding", "dagster"):
        assert secret not in payload


@pytest.mark.parametrize("minutes", [1, 3])
def test_every_message_shows_a_delay_over_a_minute(minutes: int) -> None:
    delayed = timedelta(minutes=minutes)
    for made in (
        storm(replace(STORM, delayed=delayed), outbox_id="ob_1"),
        digest(replace(DAILY, delayed=delayed), outbox_id="ob_1"),
        health(replace(UNWELL, delayed=delayed), outbox_id="ob_1"),
        escalation(replace(LADDER, group=replace(LADDER.group, delayed=delayed)), outbox_id="ob_1"),
    ):
        assert ("Delayed by 3 min" in str(made.blocks)) is (minutes > 1)


def test_a_storm_of_the_gravest_says_so_first() -> None:
    made = storm(replace(STORM, by_severity={Severity.S3: 1, Severity.S2: 30}), outbox_id="ob_1")
    assert made.text.startswith("S2, in business hours. Storm")
