from dataclasses import replace
from typing import Any

from orchestration.ledger.channels import Channel
from orchestration.ledger.outbox import Row
from orchestration.outbox.plan import plan, wakes_at
from orchestration.outbox.settings import DEFAULT, Settings
from orchestration.outbox.work import Work
from tests.support.ledgers import NOON
from tests.support.outboxes import after, row

WIDE = Settings(burst=1000)
ELSEWHERE = Settings(elsewhere=True)


def ids(works: list[Work]) -> list[str]:
    return [work.outbox_id for work in works]


def one(works: list[Work]) -> Work:
    (work,) = works
    return work


def down(seconds: float, receiver: str = "C1") -> dict[str, Channel]:
    return {receiver: Channel(receiver, 3.0, NOON, failing_since=after(-seconds))}


def test_the_lowest_lane_goes_first_and_then_the_oldest() -> None:
    rows = [row("a", 5, lane=2), row("b", 4, lane=2), row("c", 6, lane=1), row("d", 7, lane=0)]
    assert ids(plan(rows, {}, NOON, WIDE)) == ["d", "c", "b", "a"]


def test_no_more_go_than_the_receiver_takes_and_others_are_not_delayed() -> None:
    rows = [row(f"a{number}", number) for number in range(5)]
    others = [row("b", 9, receiver="C2")]
    assert ids(plan(rows + others, {}, NOON, DEFAULT)) == ["a0", "a1", "a2", "b"]
    spent = {"C1": Channel("C1", 0.5, NOON)}
    assert ids(plan(rows + others, spent, NOON, DEFAULT)) == ["b"]
    assert wakes_at(rows, spent, NOON, DEFAULT) == after(0.500001)


def test_s0_goes_though_the_receiver_takes_no_more() -> None:
    rows = [row("a", 1, lane=1), row("b", 2, lane=0), row("c", 3, lane=0)]
    spent = {"C1": Channel("C1", -3.0, NOON)}
    assert ids(plan(rows, spent, NOON, DEFAULT)) == ["b", "c"]


def test_notices_of_a_thread_that_wait_together_become_one() -> None:
    rows = [row("a", 1, thread="t", lane=1), row("b", 2, thread="t"), row("c", 3, thread="t")]
    work = one(plan(rows, {}, NOON, DEFAULT))
    assert (ids([work]), work.absorbed, work.outcome) == (["c"], (rows[0], rows[1]), "merged")
    assert (work.lane, work.seq) == (1, 1)


def test_s0_is_never_merged_and_passes_what_waits_in_its_thread() -> None:
    rows = [row("a", 1, thread="t"), row("b", 2, thread="t", lane=0), row("c", 3, thread="t")]
    works = plan([*rows, row("d", 4, thread="t", lane=0)], {}, NOON, WIDE)
    assert [(work.outbox_id, len(work.absorbed)) for work in works] == [
        ("b", 0),
        ("d", 0),
        ("c", 1),
    ]


def test_an_act_between_two_notices_keeps_its_place() -> None:
    rows = [row("a", 1, thread="t"), row("b", 2, thread="t", kind="act"), row("c", 3, thread="t")]
    assert ids(plan(rows, {}, NOON, DEFAULT)) == ["a", "b", "c"]


def test_what_stands_before_something_urgent_in_its_thread_hurries() -> None:
    rows = [
        row("a", 1, lane=2),
        row("b", 2, thread="t", kind="act", lane=2),
        row("c", 3, thread="t", lane=1),
    ]
    assert ids(plan(rows, {}, NOON, DEFAULT)) == ["b", "c", "a"]


def test_a_notice_for_later_is_told_with_the_one_that_is_due() -> None:
    later = after(3600)
    rows = [row("a", 1, thread="t", not_before=later), row("b", 2, thread="t", lane=1)]
    assert [work.absorbed for work in plan(rows, {}, NOON, DEFAULT)] == [(rows[0],)]
    rows = [row("a", 1, thread="t"), row("b", 2, thread="t", not_before=later)]
    assert [(work.outbox_id, work.absorbed) for work in plan(rows, {}, NOON, DEFAULT)] == [
        ("a", ())
    ]


def test_one_that_was_tried_holds_its_thread_and_takes_nothing_in() -> None:
    put_off = row("a", 1, thread="t", attempts=1, not_before=after(5))
    rows = [put_off, row("b", 2, thread="t"), row("c", 3, thread="t", lane=0), row("d", 4)]
    assert ids(plan(rows, {}, NOON, DEFAULT)) == ["c", "d"]
    assert [(work.outbox_id, work.absorbed) for work in plan(rows, {}, after(5), WIDE)] == [
        ("c", ()),
        ("a", ()),
        ("b", ()),
        ("d", ()),
    ]


def test_a_thread_rests_while_somebody_sends_to_it() -> None:
    leased = row("a", 3, thread="t", leased_by="w1", leased_until=after(30))
    rows = [leased, row("b", 1, thread="t"), row("c", 2, thread="t", lane=0)]
    assert plan(rows, {}, NOON, DEFAULT) == []
    assert ids(plan(rows, {}, after(30), DEFAULT)) == ["c", "b", "a"]


def test_the_digests_of_a_receiver_become_one() -> None:
    rows = [row(name, seq, kind="digest", lane=3) for seq, name in enumerate("abc")]
    rows.append(row("d", 9, kind="digest", lane=3, receiver="C2"))
    rows.append(row("e", 10, kind="digest", lane=3, not_before=after(60)))
    rows.append(row("f", 11, kind="digest", lane=3, attempts=1))
    works = plan(rows, {}, NOON, WIDE)
    assert [(work.outbox_id, ids_of(work.absorbed)) for work in works] == [
        ("c", ["a", "b"]),
        ("d", []),
        ("f", []),
    ]


def ids_of(rows: tuple[Row, ...]) -> list[str]:
    return [each.outbox_id for each in rows]


def test_more_than_twenty_that_would_wait_a_minute_become_one_that_counts_them() -> None:
    old: dict[str, Any] = {"created_at": after(-61), "not_before": after(-61)}
    rows = [row(f"n{number:02}", number, lane=1 + number % 2, **old) for number in range(21)]
    urgent = [row("s0", 30, lane=0, **old), row("act", 31, kind="act", **old)]
    first, storm, act = plan(rows + urgent, {}, NOON, DEFAULT)
    assert (first.outbox_id, act.outbox_id) == ("s0", "act")
    assert (storm.head.kind, storm.outcome, storm.new) == ("storm", "collapsed", True)
    assert list(storm.absorbed) == rows
    assert storm.since == after(-61)
    payload = dict(storm.head.payload)
    assert payload.pop("threads") == [f"t-n{n:02}" for n in [*range(0, 21, 2), *range(1, 18, 2)]]
    assert payload.pop("groups") == [f"g-t-n{n:02}" for n in [*range(0, 21, 2), *range(1, 18, 2)]]
    assert payload == {"reason": "backlog", "severity": 1, "n": 21, "n_s1": 11, "n_s2": 10}


def test_twenty_are_sent_each() -> None:
    old: dict[str, Any] = {"created_at": after(-61), "not_before": after(-61)}
    rows = [row(f"n{number:02}", number, **old) for number in range(20)]
    assert ids(plan(rows, {}, NOON, DEFAULT)) == ["n00", "n01", "n02"]


def test_only_those_that_would_wait_become_one() -> None:
    rows = [row(f"n{number:03}", number) for number in range(100)]
    works = plan(rows, {}, NOON, WIDE)
    assert len(works) == 100
    works = plan(rows, {}, NOON, replace(WIDE, rate=1, burst=3))
    assert ids(works) == ["n000", "n001", "n002"]
    late = plan(rows, {}, after(58), replace(DEFAULT, burst=100))
    assert len(late) == 100
    storm = plan(rows, {"C1": Channel("C1", -60.0, NOON)}, after(61), DEFAULT)
    assert [len(work.absorbed) for work in storm] == [100]


def test_a_storm_counts_what_its_notices_had_merged() -> None:
    old: dict[str, Any] = {"created_at": after(-61), "not_before": after(-61), "thread": "t"}
    rows = [row("a", 0, **old), row("b", 1, **old)]
    old.pop("thread")
    rows += [row(f"n{number}", number + 2, **old, progress={"rows": 2}) for number in range(20)]
    storm = one(plan(rows, {}, NOON, DEFAULT))
    assert storm.head.payload["n"] == 2 + 20 * 3
    assert len(storm.absorbed) == 22


def test_nothing_goes_to_a_receiver_that_wants_a_pause() -> None:
    rows = [row("a", 1, lane=0), row("b", 2)]
    paused = {"C1": Channel("C1", 3.0, NOON, blocked_until=after(30))}
    assert plan(rows, paused, after(29), DEFAULT) == []
    assert wakes_at(rows, paused, after(29), DEFAULT) is None
    assert ids(plan(rows, paused, after(30), DEFAULT)) == ["a", "b"]


def test_one_message_tries_a_receiver_that_fails_and_s0_is_always_tried() -> None:
    rows = [row("a", 1), row("b", 2)]
    assert ids(plan(rows, down(5), NOON, DEFAULT)) == ["a"]
    tried = row("t", 3, attempts=1, not_before=after(5))
    assert plan([*rows, tried], down(5), NOON, DEFAULT) == []
    assert ids(plan([*rows, tried, row("c", 4, lane=0)], down(5), NOON, DEFAULT)) == ["c"]
    stopped = frozenset({"C1"})
    assert plan(rows, down(5), NOON, DEFAULT, stopped=stopped) == []


def test_receivers_that_fail_come_last_in_their_lane() -> None:
    rows = [row("a", 1), row("b", 2, receiver="C2"), row("c", 3, lane=0)]
    assert ids(plan(rows, down(5), NOON, DEFAULT)) == ["c", "b"]
    assert ids(plan(rows[:2], down(5), NOON, DEFAULT)) == ["b", "a"]


def told_elsewhere(rows: list[Row], seconds: float, settings: Settings = ELSEWHERE) -> list[str]:
    works = plan(rows, down(seconds), NOON, settings)
    return ["+".join(ids_of(work.rows)) for work in works if work.via == "elsewhere"]


def test_what_is_urgent_goes_elsewhere_after_ten_minutes_and_the_rest_after_an_hour() -> None:
    tried = row("t", 1, lane=2, attempts=1, not_before=after(5))
    rows = [
        tried,
        row("a", 2, lane=0),
        row("b", 3, lane=0),
        row("c", 4, lane=1),
        row("d", 5, lane=1),
        row("e", 6, kind="act"),
        row("f", 7, kind="digest", lane=3),
        row("g", 8, kind="elsewhere"),
    ]
    assert told_elsewhere(rows, 599) == []
    assert told_elsewhere(rows, 600) == ["a", "b", "c+d"]
    assert told_elsewhere(rows, 3599) == ["a", "b", "c+d"]
    assert told_elsewhere(rows, 3600) == ["a", "b", "t+c+d+e"]
    assert told_elsewhere(rows, 3600, DEFAULT) == []


def test_a_receiver_that_failed_last_week_is_tried_before_anything_goes_elsewhere() -> None:
    work = one(plan([row("a", 1, lane=1)], down(604800), NOON, ELSEWHERE))
    assert (work.outbox_id, work.via) == ("a", "receiver")


def test_what_fails_by_itself_goes_elsewhere_in_the_end() -> None:
    put_off = row("a", 1, lane=1, attempts=9, not_before=after(620), created_at=NOON)
    assert plan([put_off], {}, after(599), ELSEWHERE) == []
    assert one(plan([put_off], {}, after(600), ELSEWHERE)).via == "elsewhere"
