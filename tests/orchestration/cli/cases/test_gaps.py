"""`watchfloor cases gaps`, and closing one."""

from tests.orchestration.cli.cases.bench import SPAM, Bench


def opened(bench: Bench, account: str, harm: str = "fraud_scams") -> str:
    """Somebody tells of what no monitor caught; the id of its gap."""
    bench.be("ibex-4")
    made = bench.one(
        *("cases", "open", "--entity", f"account_id={account}"),
        *("--product", "chat", "--harm", harm),
    )
    return next(row["gap_id"] for row in bench.rows("gaps") if row["case_id"] == made["case_id"])


def test_an_open_gap_is_listed_and_closed_once(bench: Bench) -> None:
    gap = opened(bench, "ann")
    (row,) = bench.ask("cases", "gaps", "--open")
    assert (row["gap_id"], row["kind"], row["opened_by"]) == (gap, "missed", "ibex-4")
    close = ("cases", "gaps", "--close", gap.removeprefix("gap_")[:10], "--monitor", SPAM)
    closed = bench.one(*close, "--reason", "it catches these now")
    assert (closed["gap_id"], closed["by"], closed["monitor"]) == (gap, "ibex-4", SPAM)
    assert bench.ask("cases", "gaps", "--open") == []
    assert bench.ask("cases", "gaps") == []
    (entry,) = bench.audit("close_gap")
    assert (entry.actor, entry.reason) == ("ibex-4", f"{SPAM}: it catches these now")
    assert "nothing was changed" in bench.refused(*close, "--reason", "again")
    assert bench.is_sound()


def test_a_gap_is_closed_only_with_a_reason_by_who_may_for_a_monitor_that_is_there(
    bench: Bench,
) -> None:
    gap = opened(bench, "ann")
    close = ("cases", "gaps", "--close", gap)
    assert "Wanted --close ID with --reason" in bench.refused(*close)
    assert "Wanted --close ID with --reason" in bench.refused(*close, "--open", "--reason", "x")
    assert "Wanted --close ID with --reason" in bench.refused("cases", "gaps", "--reason", "x")
    wrong = bench.refused(*close, "--monitor", "web/nosuch", "--reason", "x")
    assert "There is no monitor 'web/nosuch'" in wrong
    assert "There is no gap 0123456789" in bench.refused(
        "cases", "gaps", "--close", "0123456789", "--reason", "x"
    )
    bench.be("crane-6")
    assert "none of which may 'open_case'" in bench.refused(*close, "--reason", "x")
    assert [row["closed_at"] for row in bench.rows("gaps")] == [None]


def test_a_gap_of_a_restricted_case_is_for_who_has_its_skills(bench: Bench) -> None:
    gap = opened(bench, "ann", harm="child_safety")
    assert bench.ask("cases", "gaps", "--open") == []
    close = ("cases", "gaps", "--close", gap, "--reason", "a monitor is being made")
    assert "child-safety" in bench.refused(*close)
    bench.be("heron-7")
    assert [row["gap_id"] for row in bench.ask("cases", "gaps", "--open")] == [gap]
    assert bench.one(*close)["by"] == "heron-7"
