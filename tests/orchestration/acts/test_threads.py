from orchestration.acts.errors import LastAct
from orchestration.acts.group import ack, assign
from orchestration.acts.threads import alerts_of, hash_of, last_act, thread_of
from orchestration.ledger.database import reading
from tests.orchestration.acts.desks import HERON, OTTER, Desk
from tests.orchestration.alerts.builders import at, finding


def entities(desk: Desk, thread_id: str) -> list[str]:
    with reading(desk.engine) as connection:
        thread = thread_of(connection, thread_id)
        return sorted(alert.entity for alert in alerts_of(connection, thread))


def test_a_thread_has_the_alerts_that_were_open_in_it_also_once_it_has_ended(desk: Desk) -> None:
    desk.tick(0, finding(0, "a"), finding(0, "b"))
    first = desk.thread().thread_id
    desk.tick(1, finding(1, "c"))
    assert entities(desk, first) == ["a", "b", "c"]
    for hour in (2, 3, 4):
        desk.tick(hour)
    desk.tick(7, finding(7, "d"))
    second = desk.thread().thread_id
    assert (entities(desk, first), entities(desk, second)) == (["a", "b", "c"], ["d"])
    desk.step(24 * 9)  # the first three have closed
    assert (entities(desk, first), entities(desk, second)) == (["a", "b", "c"], ["d"])


def test_the_hash_changes_with_alerts_and_with_the_thread_and_with_nothing_else(desk: Desk) -> None:
    desk.tick(0, finding(0, "a"))
    seen = [desk.seen()["seen"]]
    desk.tick(1, finding(1, "a"))  # a duplicate: counted, and no news
    assert desk.seen()["seen"] == seen[0]
    desk.tick(2, finding(2, "b"))
    seen.append(desk.seen()["seen"])
    assign(desk.engine, who=HERON, **desk.seen(), now=at(4), terms=desk.terms)
    seen.append(desk.seen()["seen"])
    ack(desk.engine, who=HERON, **desk.seen(), now=at(4), terms=desk.terms)
    seen.append(desk.seen()["seen"])
    assert len(set(seen)) == 4
    with reading(desk.engine) as connection:
        found = alerts_of(connection, desk.thread())
    assert hash_of(desk.thread(), reversed(found)) == seen[-1]


def test_the_last_act_is_the_newest_of_a_person(desk: Desk) -> None:
    desk.tick(0, finding(0))
    thread_id = desk.thread().thread_id
    with reading(desk.engine) as connection:
        assert last_act(connection, thread_id) is None
    ack(desk.engine, who=HERON, **desk.seen(), now=at(2), terms=desk.terms)
    assign(desk.engine, who=OTTER, **desk.seen(), now=at(3), terms=desk.terms)
    desk.step(4)
    with reading(desk.engine) as connection:
        assert last_act(connection, thread_id) == LastAct("otter-2", "assign", at(3))
