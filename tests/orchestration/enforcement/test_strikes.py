from dataclasses import replace
from datetime import timedelta

from sqlalchemy import insert

from orchestration.enforcement.strikes import unstrike, weights
from orchestration.ledger.audit import append
from orchestration.ledger.database import reading, writing
from orchestration.ledger.tables import configs
from orchestration.policies.policy import Strike
from tests.support.executing import HERE, Floor, hours
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


def in_force_before(floor: Floor) -> None:
    """The shipped policies were in force once."""
    row = {"name": "policies", "digest": "d", "taken_at": hours(0)}
    row["text"] = (HERE / "policies.yaml").read_text(encoding="utf-8")
    with writing(floor.engine) as connection:
        seq = append(connection, act=act(), verb="take", object_id="config:policies")
        connection.execute(insert(configs).values(**row, audit_seq=seq))


def harsher(floor: Floor) -> None:
    """Spam has a second version now, with a heavier strike and another explanation."""
    policies = floor.terms.policies
    items = tuple(
        replace(
            one,
            version=2,
            strike=Strike(9, timedelta(days=900)),
            statement=replace(one.statement, explanation="It is worded anew."),
        )
        if one.id == "spam"
        else one
        for one in policies.items
    )
    floor.terms = replace(floor.terms, policies=replace(policies, items=items))


def test_strike_and_statement_are_those_of_the_version_that_was_decided_by(floor: Floor) -> None:
    in_force_before(floor)
    harsher(floor)
    floor.approve("u1", action="suspend_24h")
    assert floor.run().applied == 1
    (strike,) = floor.table("strikes")
    (notice,) = floor.table("notices")
    assert strike["weight"] == 1
    said = notice["fields"]["statement"]["incompatible_content_explanation"]
    assert said != "It is worded anew."


def test_a_version_that_nobody_can_read_any_more_leaves_no_strike_and_is_flagged(
    floor: Floor,
) -> None:
    harsher(floor)
    (done,) = floor.approve("u1", action="suspend_24h")
    assert floor.run().applied == 1
    assert floor.table("strikes") == []
    assert floor.row(done).flag == "no_statement"
