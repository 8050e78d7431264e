from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from monitors.contract import Severity
from orchestration.reporting.noise import noise, shifts
from orchestration.reporting.window import Window, week_of
from tests.orchestration.alerts.builders import at
from tests.orchestration.reporting.frames import WEEK, facts, gathered, one, rota
from tests.support.cases import TERMS, Office

TEAM = "chat-team"
A, B = "account_aaaaaaaaaaaa", "account_bbbbbbbbbbbb"


def pages(*hours: float) -> list[tuple[object, ...]]:
    return [(f"p{n}", at(hour), 1, f"a{n}", "m", TEAM) for n, hour in enumerate(hours)]


def test_a_week_has_fourteen_shifts_from_hand_over_to_hand_over() -> None:
    found = shifts(rota().teams[TEAM], WEEK)
    assert len(found) == 14
    assert (found[0].start, found[0].end) == (at(-2), at(10))
    assert {span.end - span.start for span in found} == {timedelta(hours=12)}
    assert all(before.end == after.start for before, after in pairwise(found))


def test_clocks_that_go_forward_make_a_night_shorter() -> None:
    its = replace(rota().teams[TEAM], zone=ZoneInfo("Europe/Dublin"))
    found = shifts(its, week_of("2026-W13"))  # ends with 29 March
    hours = [(span.end - span.start) / timedelta(hours=1) for span in found]
    assert sorted(set(hours)) == [11.0, 12.0]
    assert len(found) == 14


def test_shifts_without_a_page_count_too() -> None:
    rows = noise(facts(pages=pages(1, 2, 3, 25, 26)), rota())
    row = one(rows, team=TEAM)
    assert [row[name] for name in ("shifts", "pages", "most", "noisy")] == [14, 5, 3, 1]
    assert (row["median"], row["p90"]) == (0.0, 2.0)
    assert row["reads"] == "7.1% (0.4% to 31.5%, 95%, n = 14, Wilson)"


def test_two_pages_are_not_too_many_and_a_long_page_is_one() -> None:
    named = [("p", at(1), 0, f"a{n}", "m", TEAM) for n in range(5)]
    row = one(noise(facts(pages=[*named, *pages(2)[:1]]), rota()), team=TEAM)
    assert (row["pages"], row["most"], row["noisy"]) == (2, 2, 0)


def test_before_there_was_a_ledger_nothing_was_quiet() -> None:
    known = replace(facts(pages=pages(1)), since=at(11))
    row = one(noise(known, rota()), team=TEAM)
    assert (row["shifts"], row["pages"]) == (12, 0)
    assert row["reads"] == "insufficient (n = 12, Wilson)"


def test_a_page_of_a_shift_that_began_before_the_window_is_counted(office: Office) -> None:
    office.found(-20, B)  # the first act of the ledger, of S2
    office.found(0, A, severity=Severity.S1)  # told at 01:05
    found = gathered(office.engine, TERMS.desks, Window(at(6), at(24)))
    assert (found.since, found.pages["owner"].to_list()) == (at(-19 + 1 / 12), [TEAM])
    row = one(noise(found, rota()), team=TEAM)
    assert (row["shifts"], row["pages"], row["most"]) == (2, 1, 1)


def test_calls_of_ladders_are_counted_apart() -> None:
    known = facts(pages=pages(1), calls=[(at(1), "urgent"), (at(1.2), "urgent"), (at(1), "gone")])
    row = one(noise(known, rota()), team=TEAM)
    assert (row["pages"], row["calls"]) == (1, 2)


def test_a_summary_that_names_no_alert_is_a_page_of_whom_the_ladder_for_all_calls() -> None:
    storm = ("s", at(1), 1, None, None, "")
    row = one(noise(facts(pages=[storm]), rota()), team=TEAM)
    assert (row["pages"], row["most"]) == (1, 1)
