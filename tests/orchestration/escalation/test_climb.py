from monitors.contract import Severity
from orchestration.escalation.ladders import Climbed
from tests.orchestration.alerts.builders import finding
from tests.orchestration.escalation.builders import FIRED, MINUTE, Night

ANN, BOB, CAT, ROOM = "U0ANN0001", "U0BOB0002", "U0CAT0003", "C0URGENT"


def test_nobody_is_called_while_nothing_fires(night: Night) -> None:
    night.tick(12)

    assert night.climb() == Climbed()
    assert night.rows("escalations") == []


def test_each_step_is_told_when_it_is_due_and_once(night: Night) -> None:
    night.fires()

    for minutes in (0, 0, 5, 10, 10, 15, 20, 49, 50, 60, 70, 70, 500):
        night.climb(minutes)

    first, again = [(0, ANN), (10, BOB), (20, ROOM)], [(50, ANN), (60, BOB), (70, ROOM)]
    assert night.called() == first + again


def test_a_message_names_thread_and_step_and_who_is_next_by_ids(night: Night) -> None:
    night.fires()
    night.climb(1)

    thread = night.thread().thread_id
    since, following = int(FIRED.timestamp()), int((FIRED + 10 * MINUTE).timestamp())
    assert night.payloads() == [
        {
            "thread": thread,
            "ladder": "urgent",
            "step": 1,
            "steps": 6,
            "to": "ann-1",
            "since": since,
            "next": "bob-2",
            "next_at": following,
        }
    ]


def test_the_lane_is_the_severity_and_each_move_a_row_of_the_audit(night: Night) -> None:
    night.fires(severity=Severity.S0)
    night.climb()
    night.climb(10)

    lanes = [row.lane for row in night.rows("outbox") if row.kind == "escalation"]
    acts = [(e.actor, e.object, e.reason) for e in night.audit("escalate")]
    thread = f"thread:{night.thread().thread_id}"
    assert lanes == [0, 0]
    assert acts == [
        ("system:escalation", thread, "begun: ladder urgent, 1 steps taken"),
        ("system:escalation", thread, "ladder urgent, 2 steps taken"),
    ]
    assert night.is_sound()


def test_a_repeated_tick_writes_nothing(night: Night) -> None:
    night.fires("a", "b")
    night.climb(10)
    before = night.everything()

    assert night.climb(10) == Climbed()
    assert night.everything() == before


def test_after_downtime_each_target_hears_of_its_latest_step_only(night: Night) -> None:
    night.fires()

    assert night.climb(65) == Climbed(begun=1, steps=3, messages=3)
    assert sorted(night.called()) == [(65, ROOM), (65, ANN), (65, BOB)]
    assert sorted(p["step"] for p in night.payloads()) == [3, 4, 5]
    night.climb(70)
    assert night.called()[-1] == (70, ROOM)


def test_an_ack_ends_it(night: Night) -> None:
    night.fires()
    night.climb()
    night.ack(5)

    night.climb(10)
    night.climb(120)

    assert night.called() == [(0, ANN)]
    assert night.climbs()[0]["stopped_by"] == "ann-1"


def test_when_an_ack_ends_it_begins_anew_from_the_first_step(night: Night) -> None:
    night.fires()
    night.climb()
    night.ack(5)
    night.climb(10)
    night.settle(486)  # an ack of S1 lasts eight hours

    assert night.climb(486) == Climbed(begun=1, steps=1, messages=1)
    night.climb(496)

    assert night.called() == [(0, ANN), (486, ANN), (496, BOB)]


def test_an_assignment_ends_nothing(night: Night) -> None:
    night.fires()
    night.climb()
    night.assign(5)

    night.climb(10)

    assert night.called() == [(0, ANN), (10, BOB)]


def test_a_silence_pauses_it_where_it_was(night: Night) -> None:
    night.fires()
    night.climb()
    night.snooze(4, length=60)
    night.climb(4)
    night.climb(30)
    night.settle(64)

    night.climb(64)
    night.climb(69)
    night.climb(70)  # ten minutes after the first step, the hour left out
    night.climb(80)

    assert night.called() == [(0, ANN), (70, BOB), (80, ROOM)]


def test_an_ack_after_a_silence_ends_it_for_good(night: Night) -> None:
    night.fires()
    night.climb()
    night.snooze(4, length=60)
    night.climb(4)
    night.settle(64)
    night.ack(64)

    night.climb(64)

    assert night.called() == [(0, ANN)]
    assert night.climbs()[0]["stopped_by"] == "ann-1"


def test_what_is_resolved_calls_nobody_any_more(night: Night) -> None:
    night.fires()
    night.climb()
    night.tick(13)
    night.tick(14)

    stopped = night.climb(125)

    assert stopped == Climbed(stopped=1)
    assert [climb["stopped_by"] for climb in night.climbs()] == ["resolved"]
    assert night.called() == [(0, ANN)]


def test_a_new_alert_after_an_ack_of_the_others_calls_again(night: Night) -> None:
    night.fires("a")
    night.climb()
    night.ack(5)
    night.tick(13, finding(13, "b", severity=Severity.S1))

    night.climb(60)

    assert night.called() == [(0, ANN), (60, ANN)]


def test_one_that_comes_to_a_climb_under_way_does_not_set_it_back(night: Night) -> None:
    night.fires("a")
    night.climb()
    night.climb(20)
    night.tick(13, finding(13, "b", severity=Severity.S1))

    night.climb(60)

    assert night.called() == [(0, ANN), (20, BOB), (20, ROOM), (60, ANN), (60, BOB)]
