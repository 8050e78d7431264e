"""Which thread a notice belongs to, and what is queued for it."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Engine

from monitors.contract import Severity
from orchestration.alerts.matchers import parse_matcher
from orchestration.alerts.rules import Config, Route
from tests.orchestration.alerts.builders import MINUTE, SPAM, at, evaluation, finding
from tests.orchestration.intake.builders import ALL, Row, Watch

URGENT = Route("urgent", "C0PAGER", (parse_matcher("severity=~S0|S1"),), group_interval=MINUTE)
BY_ENTITY = replace(ALL.routes[0], group_by=("entity",))


def hours(watch: Watch, *found: str) -> None:
    """Evaluate an hour for each text, the entities found, five minutes after the hour's end."""
    for hour, entities in enumerate(found):
        rows = [finding(hour, entity) for entity in entities]
        watch.step(hour + 1 + 1 / 12, evaluation(hour), found=rows)


def queued(watch: Watch) -> list[tuple[object, object, object]]:
    """Reason, receiver and thread of each notice, in the order in which they were queued."""
    rows = watch.rows("outbox", "audit_seq", "receiver")
    return [(payload(row)["reason"], row["receiver"], payload(row).get("thread")) for row in rows]


def payload(row: Row) -> Row:
    found = row["payload"]
    assert isinstance(found, dict)
    return found


def test_notices_of_a_group_are_in_one_thread_until_it_has_ended(ledger: Engine) -> None:
    watch = Watch(ledger)
    hours(watch, "a", "ab", "", "")
    (thread,) = watch.rows("threads")
    name = thread["thread_id"]
    assert queued(watch) == [
        ("first", "C0ABUSE", name),
        ("new_in_group", "C0ABUSE", name),
        ("resolved", "C0ABUSE", name),
    ]
    assert (thread["receiver"], thread["route"]) == ("C0ABUSE", "all")
    assert (thread["labels"], thread["opened_at"]) == ([["monitor", SPAM]], at(1 + 1 / 12))
    assert (thread["ts"], thread["closed_at"]) == (None, None)
    assert [row["thread_id"] for row in watch.rows("told")] == [name]


def test_that_something_is_over_is_less_urgent_than_that_it_fires(ledger: Engine) -> None:
    watch = Watch(ledger)
    for hour, found in enumerate(([finding(0, "a", severity=Severity.S0)], [], [])):
        watch.step(hour + 1 + 1 / 12, evaluation(hour), found=found)
    rows = watch.rows("outbox", "audit_seq")
    assert [(payload(row)["reason"], row["lane"]) for row in rows] == [
        ("first", 0),
        ("resolved", 2),
    ]


def test_what_is_first_again_begins_a_thread_of_its_own(ledger: Engine) -> None:
    watch = Watch(ledger)
    hours(watch, "a", "", "", "b", "bc")
    reasons = [reason for reason, _, _ in queued(watch)]
    assert reasons == ["first", "resolved", "first", "new_in_group"]
    old, resolved, new, more = [thread for _, _, thread in queued(watch)]
    assert (old, new) == (resolved, more)
    assert old != new
    closed = {row["thread_id"]: row["closed_at"] for row in watch.rows("threads")}
    assert closed == {old: at(4 + 1 / 12), new: None}
    assert [row["thread_id"] for row in watch.rows("told")] == [new]


def test_a_thread_is_closed_when_its_last_episode_is(ledger: Engine) -> None:
    watch = Watch(ledger)
    hours(watch, "a", "", "")
    over = 3 + 1 / 12 + 7 * 24
    watch.step(over - 0.1)
    assert len(watch.rows("told")) == 1
    watch.step(over)
    assert watch.rows("told") == []
    assert [row["closed_at"] for row in watch.rows("threads")] == [at(over)]
    assert [row["state"] for row in watch.rows("alerts")] == ["closed"]


def test_a_flap_is_told_where_its_end_was(ledger: Engine) -> None:
    watch = Watch(ledger)
    hours(watch, "a", "", "", "a")
    assert [reason for reason, _, _ in queued(watch)] == ["first", "resolved", "flapping"]
    assert len({thread for _, _, thread in queued(watch)}) == 1


def test_a_rise_into_a_group_that_had_ended_begins_a_thread(ledger: Engine) -> None:
    watch = Watch(ledger, Config((URGENT, ALL.routes[0])))
    grave = finding(0, "a", severity=Severity.S1)
    watch.step(1.1, evaluation(0), found=[grave])
    watch.step(2.1, evaluation(1))
    watch.step(3.1, evaluation(2))
    watch.step(4.1, evaluation(3), found=[finding(3, "b")])
    watch.step(5.1, evaluation(4), found=[finding(4, "b", severity=Severity.S1)])
    told = [(reason, thread) for reason, receiver, thread in queued(watch) if receiver == "C0PAGER"]
    assert [reason for reason, _ in told] == ["first", "resolved", "escalated"]
    assert told[0][1] == told[1][1] != told[2][1]
    closed = [row for row in watch.rows("threads") if row["closed_at"] is not None]
    assert [row["thread_id"] for row in closed] == [told[0][1]]


def test_a_storm_is_one_summary_and_each_group_has_its_thread(ledger: Engine) -> None:
    watch = Watch(ledger, Config((BY_ENTITY,), storm=2))
    hours(watch, "a", "", "", "bcd")
    first, ended, storm = watch.rows("outbox", "audit_seq")
    assert [payload(row)["reason"] for row in (first, ended, storm)] == [
        "first",
        "resolved",
        "storm",
    ]
    assert (storm["kind"], storm["lane"]) == ("storm", 2)
    groups = {row["group_key"]: row["thread_id"] for row in watch.rows("threads")}
    assert set(payload(storm)["groups"]) == set(groups) - {payload(first)["group"]}  # type: ignore[call-overload]
    assert len(set(groups.values())) == 4
    assert "thread" not in payload(storm)


def test_a_group_that_a_storm_tells_anew_leaves_its_old_thread(ledger: Engine) -> None:
    by_product = replace(BY_ENTITY, group_by=("product", "entity"))
    watch = Watch(ledger, Config((by_product,), storm=1, flap_window=MINUTE))
    hours(watch, "a", "", "", "ab")
    threads = watch.rows("threads", "opened_at")
    assert [row["closed_at"] is None for row in threads] == [False, True, True]
    assert threads[0]["group_key"] in {row["group_key"] for row in threads[1:]}


def test_a_notice_names_twenty_alerts_and_counts_all_of_them(ledger: Engine) -> None:
    watch = Watch(ledger)
    rows = [finding(0, f"e{number}") for number in range(25)]
    watch.step(1.1, evaluation(0), found=rows)
    (row,) = watch.rows("outbox")
    said = payload(row)
    assert (len(list(said["alerts"])), said["n_first"], said["severity"]) == (20, 25, 2)  # type: ignore[call-overload]
    ids = {alert["alert_id"] for alert in watch.rows("alerts")}
    assert set(said["alerts"]) < ids  # type: ignore[call-overload]


def test_each_severity_has_its_lane_its_kind_and_its_time(ledger: Engine) -> None:
    def in_the_morning(severity: Severity, now: object) -> object:
        return now if severity < Severity.S2 else at(9)

    one_each = Config((BY_ENTITY,))
    watch = Watch(ledger, one_each, timing=in_the_morning)  # type: ignore[arg-type]
    rows = [finding(0, severity.name, severity=severity) for severity in Severity]
    watch.step(1.5, evaluation(0), found=rows)
    found = watch.rows("outbox", "lane")
    assert [(row["lane"], row["kind"], row["not_before"]) for row in found] == [
        (0, "notice", at(1.5)),
        (1, "notice", at(1.5)),
        (2, "notice", at(9)),
        (3, "digest", at(9)),
    ]


def test_what_time_brings_about_is_saved_without_an_evaluation(ledger: Engine) -> None:
    watch = Watch(ledger)
    hours(watch, "a")
    watch.ack(2, str(watch.rows("alerts")[0]["alert_id"]))
    assert watch.rows("alerts")[0]["state"] == "acked"
    before = len(watch.rows("audit"))
    watch.step(3)
    assert len(watch.rows("audit")) == before
    watch.step(26)
    assert [row["verb"] for row in watch.rows("audit", "seq")][before:] == ["fire_again", "settle"]
    assert [reason for reason, _, _ in queued(watch)] == ["first", "ack_expired"]
    assert timedelta(days=1) == at(26) - at(2)
