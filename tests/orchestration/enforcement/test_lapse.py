from orchestration.enforcement.lapse import lapse
from tests.support.executing import Floor, hours


def test_what_is_over_frees_its_target_and_stays_applied(floor: Floor) -> None:
    (done,) = floor.approve("u1", action="suspend_24h")
    floor.run()
    assert lapse(floor.engine, hours(23)) == 0
    assert lapse(floor.engine, hours(24)) == 1
    row = floor.row(done)
    assert (row.state, row.standing, row.ends_at) == ("applied", False, hours(24))
    assert floor.table("audit")[-1]["verb"] == "lapse"
    assert lapse(floor.engine, hours(25)) == 0


def test_what_lasts_until_it_is_lifted_never_lapses(floor: Floor) -> None:
    (done,) = floor.approve("u1")
    floor.run()
    assert lapse(floor.engine, hours(100_000)) == 0
    assert floor.row(done).standing


def test_the_service_and_the_ledger_end_it_at_the_same_moment(floor: Floor) -> None:
    floor.approve("u1", action="suspend_24h")
    floor.run()
    floor.clock.forward(hours=23, minutes=59)
    assert floor.value("u1") == "suspended"
    floor.clock.forward(minutes=1)
    assert floor.value("u1") == "active"
    assert lapse(floor.engine, floor.clock()) == 1
