from orchestration.enforcement.strikes import unstrike, weights
from orchestration.ledger.database import reading, writing
from tests.support.executing import Floor, hours
from tests.support.ledgers import act


def test_strikes_of_an_entity_are_added_up_until_each_expires(floor: Floor) -> None:
    (first,) = floor.approve("u1", action="warn", batch_id="b1")
    floor.approve("u2", action="warn", batch_id="b2")
    floor.run()
    floor.clock.forward(days=100)
    floor.plan("u1", action="warn", prefix="f", batch_id="b3", policy_id="violence_extremism")
    floor.run()
    one, two = floor.row(first).target, floor.row("e-u2-warn").target
    with reading(floor.engine) as connection:
        assert weights(connection, [one, two], hours(101 * 24)) == {one: 11, two: 1}
        assert weights(connection, [one, two], hours(180 * 24)) == {one: 10}
        assert weights(connection, [one, two], hours(99 * 24)) == {one: 1, two: 1}
        assert weights(connection, ["account_none"], hours(1)) == {}


def test_a_policy_without_strikes_leaves_no_mark(floor: Floor) -> None:
    floor.approve("u1", action="suspend_24h", policy_id="account_takeover")
    assert floor.run().applied == 1
    assert floor.table("strikes") == []


def test_a_strike_is_taken_back_once(floor: Floor) -> None:
    (done,) = floor.approve("u1")
    floor.run()
    with writing(floor.engine) as connection:
        assert unstrike(connection, [done], act(1)) == 1
        assert unstrike(connection, [done], act(2)) == 0
    assert [row["removed_at"] for row in floor.table("strikes")] == [hours(1 / 60)]
