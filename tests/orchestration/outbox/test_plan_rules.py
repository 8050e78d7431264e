from collections import Counter, defaultdict
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from orchestration.ledger.channels import Channel
from orchestration.ledger.outbox import Row
from orchestration.outbox.plan import plan
from orchestration.outbox.settings import Settings
from tests.support.ledgers import NOON
from tests.support.outboxes import after, row

DONE = {"receiver", "elsewhere"}
SEVERITIES = st.sampled_from([0, 1, 1, 2, 2, 2, 3])
SPANS = st.integers(-120, 120).map(after)
KINDS = st.sampled_from(["notice", "notice", "notice", "act", "digest", "storm", "elsewhere"])


@st.composite
def lives(draw: st.DrawFn) -> list[Row]:
    rows = []
    for number in range(draw(st.integers(0, 20))):
        attempts = draw(st.sampled_from([0, 0, 0, 1]))
        until = draw(st.sampled_from([None, None, None, after(20), after(-20)]))
        made = row(
            f"r{number:02}",
            draw(st.integers(1, 50)),
            kind=draw(KINDS),
            thread=draw(st.sampled_from([None, "t1", "t2", "t3", f"own{number}"])),
            receiver=draw(st.sampled_from(["C1", "C2"])),
            lane=draw(SEVERITIES),
            created_at=draw(SPANS),
            not_before=draw(SPANS),
            attempts=attempts,
            leased_by="w1" if until else None,
            leased_until=until,
        )
        rows.append(made)
    return rows


@st.composite
def receivers(draw: st.DrawFn) -> dict[str, Channel]:
    maybe = st.none() | SPANS
    return {
        name: Channel(name, draw(st.floats(-3, 3)), draw(SPANS), draw(maybe), draw(maybe))
        for name in draw(st.sets(st.sampled_from(["C1", "C2"])))
    }


SETTINGS = st.builds(
    Settings,
    burst=st.sampled_from([1, 3, 100]),
    storm=st.sampled_from([0, 3, 20]),
    late=st.just(timedelta(seconds=60)),
    urgent_after=st.sampled_from([timedelta(seconds=10), timedelta(minutes=10)]),
    all_after=st.sampled_from([timedelta(seconds=60), timedelta(minutes=60)]),
    elsewhere=st.booleans(),
)


@given(lives(), receivers(), SETTINGS)
def test_every_row_is_in_one_message_or_waits(
    rows: list[Row], channels: dict[str, Channel], settings: Settings
) -> None:
    works = plan(rows, channels, NOON, settings)
    told = Counter(each.outbox_id for work in works for each in work.every)
    assert set(told.values()) <= {1}
    known = {each.outbox_id: each for each in rows}
    assert told.keys() <= known.keys()
    assert not [name for name in told if not known[name].is_free(NOON)]
    for work in works:
        assert {each.receiver for each in work.every} == {work.receiver}
        assert all(each.attempts == 0 and not each.leased_by for each in work.absorbed)
        assert work.new == (work.outcome == "collapsed")
        if work.via == "receiver":
            assert work.new or all(each.is_due(NOON) for each in work.rows)


@given(lives(), receivers(), SETTINGS)
def test_s0_goes_first_and_by_itself(
    rows: list[Row], channels: dict[str, Channel], settings: Settings
) -> None:
    works = plan(rows, channels, NOON, settings)
    lanes = [work.lane for work in works]
    assert lanes == sorted(lanes)
    assert [len(work.every) for work in works if work.lane == 0] == [1] * lanes.count(0)
    assert all(each.lane > 0 for work in works if work.lane > 0 for each in work.every)
    leased = {(each.receiver, each.thread) for each in rows if not each.is_free(NOON)}
    via = {each.outbox_id: work.via for work in works for each in work.every}
    for each in rows:
        channel = channels.get(each.receiver)
        open_ = not (channel and channel.blocked_until and channel.blocked_until > NOON)
        if each.lane == 0 and each.is_due(NOON) and each.is_free(NOON) and open_:
            held = each.thread is not None and (each.receiver, each.thread) in leased
            assert via.get(each.outbox_id) in ({None, "elsewhere"} if held else DONE)


@given(lives(), receivers(), SETTINGS)
def test_a_thread_keeps_its_order(
    rows: list[Row], channels: dict[str, Channel], settings: Settings
) -> None:
    works = [work for work in plan(rows, channels, NOON, settings) if work.via == "receiver"]
    at = {each.outbox_id: number for number, work in enumerate(works) for each in work.every}
    gone = {
        each.outbox_id
        for work in plan(rows, channels, NOON, settings)
        if work.via == "elsewhere"
        for each in work.rows
    }
    threads = defaultdict(list)
    for each in sorted(rows, key=lambda each: (each.seq, each.outbox_id)):
        if each.thread and each.outbox_id not in gone:
            threads[(each.receiver, each.thread, each.lane == 0)].append(each)
    for (_, _, urgent), line in threads.items():
        for number, first in enumerate(line):
            for second in line[number + 1 :]:
                if second.outbox_id not in at:
                    continue
                if first.outbox_id in at:
                    assert at[first.outbox_id] <= at[second.outbox_id]
                elif not urgent:  # it waits, so it was asked for later and by nobody tried
                    assert not first.is_due(NOON)
                    assert first.untried
