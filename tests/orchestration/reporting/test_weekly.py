from collections.abc import Sequence
from typing import Any

import polars as pl

from orchestration.reporting.health import House, health
from orchestration.reporting.weekly import table, weekly
from tests.orchestration.alerts.builders import SPAM, THEFT, at
from tests.orchestration.reporting.frames import WEEK, facts, rota
from tests.support.cases import TERMS

HOUSE = House(TERMS.desks, TERMS.roster, rota())
COLUMNS = {"name": "who", "n": "how many"}


def written(**rows: Sequence[tuple[Any, ...]]) -> str:
    return weekly("2026-W10", WEEK, health(facts(**rows), HOUSE), made_at=at(200))


def part(text: str, title: str) -> str:
    """What stands under a title."""
    return text.split(f"## {title}\n\n")[1].split("\n\n## ", maxsplit=1)[0].strip()


def test_a_report_begins_with_the_week_and_its_counts() -> None:
    rows = [(f"c{n}", "general", at(n), at(n + 1) if n else None) for n in range(3)]
    head = written(opens=rows).split("\n\n## ")[0].split("\n\n")
    assert head[0] == "# Week 2026-W10"
    assert head[1].startswith(
        "2026-03-02 00:00Z to 2026-03-09 00:00Z. Made at 2026-03-10 08:00Z. Times are UTC."
    )
    assert head[2] == (
        "Cases: 3 came, 2 went, 1 open. First actions: 0 due, 0 late. Decisions: 0. Pages: 0 in 14 "
        "shifts. Appeals: 0 decided, 0 overturned in whole or in part."
    )


def test_queues_stand_in_a_table_with_what_it_means() -> None:
    rows = [(f"c{n}", "general", at(n), at(n + 1) if n else None) for n in range(3)]
    assert part(written(opens=rows), "Queues") == (
        "| queue | open before | came | went | open after | oldest, h | median age, h "
        "| p90 age, h |\n"
        "|---|---|---|---|---|---|---|---|\n"
        "| general | 0 | 3 | 2 | 1 | 168 | 168 | 168 |\n"
        "| fraud | 0 | 0 | 0 | 0 | - | - | - |\n"
        "\n"
        "Open before + came - went = open after. Merged cases count as gone."
    )


def test_too_little_data_reads_insufficient() -> None:
    text = written()
    assert part(text, "First action in time").count("insufficient (n = 0, Clopper-Pearson)") == 2
    assert part(text, "What was overturned") == "Nothing."
    assert "| general | 0.9 | - | 0 | insufficient | 4.33 |" in part(
        text, "Heads for the coming week"
    )


def test_only_monitors_that_paged_are_listed() -> None:
    pages = [("p", at(1), 1, "a", SPAM, "chat-team")]
    alerts = [("a", SPAM, "firing", "violating", None, None)]
    found = [(THEFT, 3, 0), (SPAM, 1, 0)]
    text = part(written(pages=pages, alerts=alerts, findings=found), "Pages")
    assert f"| {SPAM} | 1 | 0 | 1 | insufficient (n = 1, Wilson) |" in text
    assert THEFT not in text


def test_equal_facts_give_equal_texts() -> None:
    assert written() == written()


def test_a_long_table_says_how_much_is_left_out() -> None:
    rows = pl.DataFrame({"name": ["a|b", None, "c"], "n": [1.0, 1234.5, 0.1]})
    assert table(rows, COLUMNS, most=2) == (
        "| who | how many |\n|---|---|\n| a\\|b | 1 |\n| - | 1234 |\n\n1 more."
    )
