from monitors.contract import Severity
from orchestration.ledger.database import writing
from orchestration.ledger.tables import alerts
from orchestration.outbox.drain import Drained
from tests.support.outboxes import tally
from tests.support.slack_rooms import Room, ids_of, text_of

A, B, C = "account_aaaaaaaaaaaa", "account_bbbbbbbbbbbb", "account_cccccccccccc"


def said(message: dict[str, object]) -> str:
    """The first block of a reply."""
    return str(message["blocks"][0]["text"]["text"])  # type: ignore[index]


def test_the_first_notice_is_the_parent_and_nothing_else(room: Room) -> None:
    assert room.fires(A, B) == ["first"]
    assert room.drain() == Drained(sent=1)
    assert room.methods() == ["chat.postMessage"]
    (parent,) = room.kept()
    assert "[S2] Mass dm: chat" in text_of(parent)
    assert "Nobody has it yet." in text_of(parent)
    assert parent["metadata"]["event_type"] == "alert_group"
    thread = room.thread()
    assert (thread.ts, thread.shown) == (parent["ts"], room.seen()["seen"])
    assert ids_of([parent]) == [thread.thread_id]


def test_the_next_notice_is_a_reply_and_the_parent_shows_what_is_now(room: Room) -> None:
    room.fires(A)
    room.drain()
    before = text_of(room.parents()[0])
    assert room.fires(A, B, C, minute=2) == ["new_in_group"]
    room.methods()
    room.drain()
    assert room.methods() == ["chat.postMessage", "chat.update"]
    (reply,), (parent,) = room.replies(), room.parents()
    assert reply["thread_ts"] == parent["ts"]
    assert said(reply).startswith("*2 more alerts.*")
    assert "1 open of 1" in before
    assert "3 open of 3" in text_of(parent)
    assert room.thread().shown == room.seen()["seen"]


def test_an_act_is_a_reply_and_the_parent_says_who_has_it(room: Room) -> None:
    room.fires(A)
    room.drain()
    room.ack()
    room.drain()
    (reply,), (parent,) = room.replies(), room.parents()
    assert said(reply).startswith("ann-1 acked 1 alert until <!date^")
    assert "*Acked by ann-1.* Quiet until" in text_of(parent)
    buttons = [each for block in parent["blocks"] for each in block.get("elements", [])]
    values = {each["value"] for each in buttons if each.get("action_id") == "assign"}
    assert values == {"|".join(room.seen().values())}


def test_what_waited_together_is_one_message(room: Room) -> None:
    room.fires(A)
    room.fires(A, B, minute=2)
    room.ack()
    assert room.drain() == Drained(sent=2, merged=1)
    (parent,) = room.parents()
    assert "*Acked by ann-1.*" in text_of(parent)
    assert [said(reply)[:20] for reply in room.replies()] == ["ann-1 acked 2 alerts"]


def test_a_severity_that_rose_is_shown_to_the_whole_channel(room: Room) -> None:
    room.fires(A)
    room.drain()
    assert room.fires(A, minute=2, severity=Severity.S1, hour=10) == ["escalated"]
    room.drain()
    (reply,) = room.replies()
    assert reply["reply_broadcast"] is True
    assert "Severity rose to S1" in said(reply)
    assert "[S1] Mass dm: chat" in text_of(room.parents()[0])


def test_a_message_that_leaves_late_says_so_once(room: Room) -> None:
    room.fires(A)
    room.later(300)
    room.drain()
    assert "Delayed by 5 min" in text_of(room.parents()[0])
    room.ack()
    room.drain()
    assert "Delayed" not in text_of(room.parents()[0])


def test_a_parent_that_somebody_deleted_is_posted_anew_and_tells_it_all(room: Room) -> None:
    room.fires(A)
    room.drain()
    room.slack.delete("C0ABUSE", room.parents()[0]["ts"])
    room.fires(A, B, minute=2)
    assert room.drain() == Drained(sent=1, retried=1)
    (parent,) = room.kept()
    assert "2 open of 2" in text_of(parent)
    assert room.thread().ts == parent["ts"]
    room.ack()
    assert room.drain() == Drained(sent=1)
    assert len(room.parents()) == 1
    assert len(room.replies()) == 1


def test_a_parent_deleted_while_its_reply_is_sent_is_posted_anew(room: Room) -> None:
    room.fires(A)
    room.drain()
    room.fires(A, B, minute=2)
    (parent,) = room.parents()
    post = room.slack._chat_postMessage  # noqa: SLF001 - the server's own

    def deleted_after(body: dict[str, object]) -> dict[str, object]:
        answer = post(body)
        room.slack.delete("C0ABUSE", parent["ts"])
        room.slack._chat_postMessage = post  # type: ignore[method-assign] # noqa: SLF001
        return answer

    room.slack._chat_postMessage = deleted_after  # type: ignore[method-assign] # noqa: SLF001
    assert room.drain() == Drained(sent=1, retried=1)
    (again,) = room.parents()
    assert again["ts"] == room.thread().ts != parent["ts"]
    assert [reply["thread_ts"] for reply in room.replies()] == [parent["ts"]]


def test_a_parent_deleted_again_and_again_is_no_loop(room: Room) -> None:
    room.fires(A)
    room.drain()
    for minute in (2, 4, 6):
        room.kept().clear()
        entities = [f"account_{'abcdef'[n] * 12}" for n in range(minute)]
        room.fires(*entities, minute=minute)
        assert room.drain() == Drained(sent=1, retried=1)
        assert len(room.kept()) == 1
    assert tally(room.engine) == {"sent": 4}


def test_a_restricted_harm_says_its_category_and_nothing_else(room: Room) -> None:
    room.fires(A, B)
    with writing(room.engine) as connection:
        connection.execute(alerts.update().values(harm="self_harm"))
    room.drain()
    room.ack()
    room.drain()
    for message in room.kept():
        shown = text_of({**message, "metadata": ""})
        assert "Self-harm" in shown
        for secret in (A, B, "mass_dm", "Mass dm", "chat", "2 alerts"):
            assert secret not in shown
    names = {
        each.get("action_id")
        for block in room.parents()[0]["blocks"]
        for each in block.get("elements", [])
    }
    assert names <= {"ack", "assign", "case", "incident", None}
