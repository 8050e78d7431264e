import json
import multiprocessing
import resource
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestration.slack.api import (
    Identity,
    Posted,
    SlackApi,
    SlackDownError,
    SlackGoneError,
    SlackRefusedError,
)
from orchestration.slack.disk import DiskSlack, Message

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FIRST, SECOND, THIRD = "1772452800.000000", "1772452800.000001", "1772452800.000002"


@pytest.fixture
def slack(tmp_path: Path) -> DiskSlack:
    return DiskSlack(tmp_path / "slack", clock=lambda: NOON)


def message(text: str = "S1 Scraping", outbox_id: str = "o1", **more: object) -> dict[str, object]:
    metadata = {"event_type": "alert_group", "event_payload": {"outbox_id": outbox_id}}
    return {"channel": "C0ALERTS", "text": text, "metadata": metadata, **more}


def lines(folder: Path, name: str = "C0ALERTS") -> list[dict[str, object]]:
    text = (folder / "slack" / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def find(slack: SlackApi, outbox_id: str, thread_ts: str | None = None) -> str | None:
    return slack.find("C0ALERTS", since=NOON, outbox_id=outbox_id, thread_ts=thread_ts)


def post_many(folder: str, name: str, count: int) -> None:
    slack = DiskSlack(Path(folder), clock=lambda: NOON)
    for number in range(count):
        slack.post(message(outbox_id=f"{name}-{number}"))


def test_a_file_holds_line_by_line_what_slack_would_get(slack: DiskSlack, tmp_path: Path) -> None:
    sent, changed = message("Zürich\nstands still"), message("It is over")
    assert slack.post(sent) == Posted("C0ALERTS", FIRST)
    slack.ephemeral("C0ALERTS", "U0ANA", {"text": "Ben was faster."})
    slack.update("C0ALERTS", FIRST, changed)
    slack.open_view("12.34", {"type": "modal"})
    assert lines(tmp_path) == [
        {"ts": FIRST, "op": "post", "payload": sent},
        {
            "ts": SECOND,
            "op": "ephemeral",
            "payload": {"text": "Ben was faster.", "user": "U0ANA"},
        },
        {"ts": FIRST, "op": "update", "payload": changed},
    ]
    assert [line["payload"] for line in lines(tmp_path, "views")] == [
        {"trigger_id": "12.34", "view": {"type": "modal"}}
    ]


def test_messages_are_shown_as_they_now_stand(slack: DiskSlack) -> None:
    slack.post(message("open"))
    reply = message("acked by ana", "o2", thread_ts=FIRST)
    slack.post(reply)
    slack.update("C0ALERTS", FIRST, message("acked"))
    slack.update("C0ALERTS", FIRST, message("resolved"))
    slack.ephemeral("C0ALERTS", "U0ANA", {"text": "done"})
    assert slack.messages("C0ALERTS") == [
        Message(FIRST, None, message("resolved"), updates=2),
        Message(SECOND, FIRST, reply),
    ]
    slack.post(message(channel="C0OTHER"))
    slack.open_view("12.34", {"type": "modal"})
    assert slack.channels() == ["C0ALERTS", "C0OTHER"]


def test_a_clock_that_stands_still_or_goes_back_gives_no_ts_twice(tmp_path: Path) -> None:
    times = [NOON, NOON, NOON - timedelta(hours=1), NOON + timedelta(seconds=5)]
    slack = DiskSlack(tmp_path, clock=lambda: times.pop(0))
    given = []
    for number in range(4):
        given.append(slack.post(message(outbox_id=f"o{number}")).ts)
        slack.update("C0ALERTS", FIRST, message("again"))
    assert given == [FIRST, SECOND, THIRD, "1772452805.000000"]


def test_a_second_carries_over(tmp_path: Path) -> None:
    last = NOON + timedelta(microseconds=999_999)
    slack = DiskSlack(tmp_path, clock=lambda: last)
    assert [slack.post(message()).ts for _ in range(2)] == [
        "1772452800.999999",
        "1772452801.000000",
    ]


def test_processes_that_post_at_once_share_no_ts_and_no_line(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    folder = str(tmp_path / "slack")
    processes = [
        context.Process(target=post_many, args=(folder, name, 50)) for name in ("a", "b", "c")
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    stamps = [str(line["ts"]) for line in lines(tmp_path)]
    assert len(set(stamps)) == 150
    assert stamps == sorted(stamps)


def test_a_message_is_found_by_outbox_id_where_it_was_posted(slack: DiskSlack) -> None:
    assert find(slack, "o1") is None
    parent = slack.post(message("parent", "o1")).ts
    other = slack.post(message("other", "o2")).ts
    reply = slack.post(message("reply", "o3", thread_ts=parent)).ts
    slack.update("C0ALERTS", parent, message("changed", "o4"))
    assert [find(slack, "o1"), find(slack, "o2")] == [parent, other]
    assert find(slack, "o3", parent) == reply
    assert find(slack, "o3", other) is None
    assert find(slack, "o3") is None
    assert find(slack, "o4") is None  # an update is no post
    since = NOON + timedelta(minutes=11)
    assert slack.find("C0ALERTS", since=since, outbox_id="o1", thread_ts=None) is None


def test_what_was_never_posted_is_gone(slack: DiskSlack) -> None:
    fake = {"ts": SECOND, "op": "post", "payload": {}}
    slack.post(message(blocks=[fake], text=json.dumps(fake) + "\n" + json.dumps(fake)))
    with pytest.raises(SlackGoneError, match="message_not_found"):
        slack.update("C0ALERTS", SECOND, message())
    with pytest.raises(SlackGoneError, match="thread_not_found"):
        slack.post(message(thread_ts=SECOND))
    with pytest.raises(SlackGoneError, match="thread_not_found"):
        find(slack, "o1", SECOND)
    with pytest.raises(SlackGoneError, match="message_not_found"):
        slack.update("C0OTHER", FIRST, message())


@pytest.mark.parametrize("channel", ["../up", "c0alerts", "views", "", "C0/A", None, 7])
def test_what_is_no_channel_is_refused_and_writes_nothing(
    slack: DiskSlack, tmp_path: Path, channel: object
) -> None:
    with pytest.raises(SlackRefusedError, match="channel_not_found"):
        slack.post(message(channel=channel))
    assert list(tmp_path.rglob("*")) == []


def test_a_line_that_a_crash_cut_off_is_left_out_then_removed(
    slack: DiskSlack, tmp_path: Path
) -> None:
    slack.post(message("whole", "o1"))
    path = tmp_path / "slack" / "C0ALERTS.jsonl"
    with path.open("a", encoding="utf-8") as file:
        file.write('{"ts": "1772452900.000000", "op": "post", "payload": {"te')
    assert find(slack, "o2") is None
    assert [shown.payload["text"] for shown in slack.messages("C0ALERTS")] == ["whole"]
    assert slack.post(message("next", "o2")).ts == SECOND
    assert [line["ts"] for line in lines(tmp_path)] == [FIRST, SECOND]


def test_a_file_whose_only_line_was_cut_off_begins_anew(slack: DiskSlack, tmp_path: Path) -> None:
    (tmp_path / "slack").mkdir()
    (tmp_path / "slack" / "C0ALERTS.jsonl").write_text('{"ts": "1', encoding="utf-8")
    assert slack.post(message()).ts == FIRST
    assert len(lines(tmp_path)) == 1


def test_a_line_that_somebody_changed_is_said_and_not_passed_over(
    slack: DiskSlack, tmp_path: Path
) -> None:
    slack.post(message())
    path = tmp_path / "slack" / "C0ALERTS.jsonl"
    path.write_text("no line of ours\n", encoding="utf-8")
    for ask in (lambda: find(slack, "o1"), lambda: slack.post(message())):
        with pytest.raises(SlackDownError) as error:
            ask()
        assert error.value.code == "disk_bad_line"


def test_a_full_disk_is_a_slack_that_is_down_and_what_was_there_stays(
    slack: DiskSlack, tmp_path: Path
) -> None:
    slack.post(message("before", "o1"))
    path = tmp_path / "slack" / "C0ALERTS.jsonl"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 20, hard))
    try:
        with pytest.raises(SlackDownError) as error:
            slack.post(message("during", "o2"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (error.value.code, error.value.unknown) == ("disk_efbig", True)
    assert find(slack, "o2") is None
    assert slack.post(message("after", "o2")).ts == SECOND
    assert [shown.payload["text"] for shown in slack.messages("C0ALERTS")] == ["before", "after"]


def test_identity_says_that_this_is_a_disk(slack: DiskSlack) -> None:
    assert slack.identity() == Identity("DISK", "DISK")
