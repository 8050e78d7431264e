from orchestration.appeals.codes import Outcome
from orchestration.reporting.overturns import appeals, pareto
from orchestration.reporting.window import Window
from tests.orchestration.alerts.builders import SPAM, THEFT, at
from tests.orchestration.appeals.houses import SAM, TERMS, House
from tests.orchestration.reporting.frames import WEEK, facts, gathered, one

Rows = list[tuple[object, ...]]


def decided(n: int, overturned: int, monitor: str = SPAM, policy: str = "spam") -> Rows:
    return [
        (
            f"{monitor}-{number}",
            f"e-{monitor}-{number}",
            "chat",
            monitor,
            policy,
            at(0),
            at(24),
            "overturned" if number < overturned else "upheld",
        )
        for number in range(n)
    ]


def test_appeals_are_counted_from_what_people_decided(house: House) -> None:
    first, second, _ = house.done("amy", "bob", "cat")
    house.decided(first, Outcome.OVERTURNED)
    house.decided(second, Outcome.UPHELD, reference="S-2")
    house.forward(hours=1)

    found = gathered(house.engine, TERMS.desks, Window(at(0), house.now), who=SAM)

    rows = appeals(found.window, found.appeals, found.enforcements)
    assert rows["product"].to_list() == ["chat", "(all)"]
    row = one(rows, product="chat")
    names = ("received", "decided", "upheld", "overturned", "partial", "enforcements")
    assert [row[name] for name in names] == [2, 2, 1, 1, 0, 3]
    assert (row["appealed"], row["undone"]) == (2, 1)
    assert (row["overturn"], row["reads"]) == (None, "insufficient (n = 2, Wilson)")
    (lost,) = pareto(found).filter(by="policy").to_dicts()
    assert (lost["name"], lost["overturned"], lost["decided"], lost["cumulative"]) == (
        "spam",
        1,
        2,
        1.0,
    )


def test_an_appeal_that_could_not_be_heard_is_none(house: House) -> None:
    (first,) = house.done("amy")
    house.decided(first, Outcome.OVERTURNED)
    house.receive(first, "S-9")  # it is taken back already
    house.forward(hours=1)
    found = gathered(house.engine, TERMS.desks, Window(at(0), house.now), who=SAM)
    assert found.appeals.height == 1


def test_the_overturn_rate_has_wilsons_interval_and_its_days() -> None:
    found = facts(appeals=decided(20, 5))
    row = one(appeals(WEEK, found.appeals, found.enforcements), product="(all)")
    assert row["reads"] == "25.0% (11.2% to 46.9%, 95%, n = 20, Wilson)"
    assert (row["days"], row["received"], row["decided"]) == (1.0, 20, 20)


def test_what_was_decided_in_another_week_is_not_counted() -> None:
    found = facts(Window(at(0), at(24)), appeals=decided(20, 5))
    row = one(appeals(found.window, found.appeals, found.enforcements), product="chat")
    assert (row["received"], row["decided"], row["days"]) == (20, 0, None)


def test_pareto_names_most_first_and_adds_up() -> None:
    rows = decided(10, 1, THEFT, "theft") + decided(30, 3)
    found = pareto(facts(appeals=rows))
    assert found.filter(by="monitor").select(
        "name", "overturned", "decided", "share", "cumulative"
    ).rows() == [(SPAM, 3, 30, 0.75, 0.75), (THEFT, 1, 10, 0.25, 1.0)]
    assert found["reads"].to_list()[1] == "insufficient (n = 10, Wilson)"
    assert pareto(facts(appeals=decided(20, 0))).is_empty()
