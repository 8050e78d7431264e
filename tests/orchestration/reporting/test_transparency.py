from datetime import timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.appeals.codes import Outcome
from orchestration.appeals.statements import SCHEMA
from orchestration.ledger.database import reading
from orchestration.reporting.transparency import OF_OUTCOMES, counted, transparency
from orchestration.reporting.window import Window
from tests.orchestration.alerts.builders import at
from tests.orchestration.appeals.houses import House
from tests.orchestration.reporting.frames import one

TIMES = {"enforcement_id": pl.String, "hours": pl.Float64}


def told(*categories: str, reversed_: int = 0) -> pl.DataFrame:
    """A statement of each category; of the first some were taken back."""
    rows = [
        {
            "enforcement_id": f"e{n}",
            "product": "chat",
            "queued_at": at(n),
            "reversed_at": at(n + 1) if n < reversed_ else None,
            "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
            "category": category,
            "decision_account": "DECISION_ACCOUNT_SUSPENDED",
            "decision_visibility": ["DECISION_VISIBILITY_CONTENT_REMOVED"],
            "source_type": "SOURCE_VOLUNTARY",
            "automated_detection": "Yes",
            "automated_decision": "AUTOMATED_DECISION_NOT_AUTOMATED",
        }
        for n, category in enumerate(categories)
    ]
    return pl.DataFrame(rows, schema=SCHEMA)


def table(
    statements: pl.DataFrame,
    outcomes: list[tuple[str, str | None]] | None = None,
    hours: list[tuple[str, float]] | None = None,
) -> pl.DataFrame:
    return counted(
        statements,
        pl.DataFrame(outcomes or [], schema=OF_OUTCOMES, orient="row"),
        pl.DataFrame(hours or [], schema=TIMES, orient="row"),
    )


def test_statements_are_counted_with_their_appeals_and_the_time_to_the_action() -> None:
    found = table(
        told(*["SPAM"] * 6, reversed_=2),
        [("e0", "overturned"), ("e1", "partial"), ("e2", "upheld"), ("e3", None)],
        [(f"e{n}", float(n)) for n in range(6)],
    )
    row = one(found, product="chat")
    names = ("statements", "reversed", "appeals", "upheld", "overturned", "partial", "timed")
    assert [row[name] for name in names] == [6, 2, 4, 1, 1, 1, 6]
    assert (row["hours_p50"], row["small"]) == (2.5, False)
    assert row["restriction"] == "DECISION_ACCOUNT_SUSPENDED + DECISION_VISIBILITY_CONTENT_REMOVED"
    assert one(found, product="(all)")["statements"] == 6


def test_few_are_left_out_and_so_is_the_next_if_the_total_would_tell() -> None:
    found = table(told(*["A"] * 9, *["B"] * 6, *["C"] * 2))
    counts = {row["category"]: row["statements"] for row in found.to_dicts()}
    assert counts == {"A": 9, "B": None, "C": None, None: 17}
    two = table(told(*["A"] * 9, *["B"] * 4, *["C"] * 2))
    assert {row["category"]: row["small"] for row in two.to_dicts()} == {
        "A": False,
        "B": True,
        "C": True,
        None: False,
    }


def test_of_what_is_left_out_nothing_else_is_told() -> None:
    found = table(told("A", "A"), [("e0", "overturned")], [("e0", 3.0)])
    row = one(found, product="chat")
    names = ("statements", "reversed", "appeals", "overturned", "timed", "hours_p50")
    assert [row[name] for name in names] == [None] * 6


def test_nothing_told_is_nothing_counted() -> None:
    found = table(told())
    assert found.select("product", "statements", "appeals", "small").rows() == [
        ("(all)", 0, 0, False)
    ]


@settings(deadline=None)
@given(st.lists(st.sampled_from("ABCD"), max_size=40))
def test_no_count_under_five_can_be_had_by_subtraction(categories: list[str]) -> None:
    found = table(told(*categories))
    rows, whole = found.head(-1), one(found, product="(all)")
    shown = rows["statements"].drop_nulls()
    assert all(n >= 5 for n in shown)
    hidden = rows.height - len(shown)
    assert hidden != 1 or rows.height == 1
    assert whole["statements"] == len(categories)


def test_what_was_really_told_and_appealed_is_counted(house: House) -> None:
    ids = house.done("amy", "bob", "cat", "dan", "eve")
    house.decided(ids[0], Outcome.OVERTURNED)
    house.floor.undo()
    house.send()
    window = Window(house.now - timedelta(days=1), house.now + timedelta(days=1))

    with reading(house.engine) as connection:
        found = transparency(connection, window)

    row = one(found["statements"], product="chat")
    assert [row[name] for name in ("statements", "appeals", "overturned")] == [5, 1, 1]
    assert row["decision_ground"] == "DECISION_GROUND_INCOMPATIBLE_CONTENT"
    assert row["timed"] == 5
    assert one(found["appeals"], product="chat")["overturned"] == 1
    assert found["reports"].is_empty()
    with reading(house.engine) as connection:
        later = transparency(connection, Window(window.end, window.end + timedelta(days=1)))
    assert later["statements"]["statements"].to_list() == [0]
