import csv
import json
from pathlib import Path

from tests.orchestration.cli.cases.bench import SPAM, Bench

SECTIONS = [
    *("queues", "sla", "work", "monitors", "pages", "noise"),
    *("appeals", "overturns", "capacity", "staffing", "labelling"),
]


def test_health_has_every_section_and_counts_what_was_done(bench: Bench) -> None:
    bench.decided("ann")
    bench.found(1, "bob")
    found = bench.ask("ops", "health", "--from", "1d")
    assert list(found) == SECTIONS
    (queue,) = [row for row in found["queues"] if row["queue"] == "integrity"]
    assert [queue[name] for name in ("open_before", "came", "went", "open_after")] == [0, 2, 1, 1]
    (monitor,) = found["monitors"]
    assert (monitor["monitor"], monitor["decisions"], monitor["violating"]) == (SPAM, 1, 1)
    assert (monitor["per_minute"], monitor["reads"]) == (None, "insufficient (n = 1)")


def test_a_section_alone_is_a_table_and_csv_wants_one(bench: Bench) -> None:
    bench.found(0, "ann")
    done = bench.run("ops", "health", "--section", "queues", "--format", "csv")
    (row,) = [row for row in csv.DictReader(done.stdout.splitlines()) if row["came"] != "0"]
    assert (row["queue"], row["came"]) == ("integrity", "1")
    assert "name it with --section" in bench.refused("ops", "health", "--format", "csv")


def test_a_table_leaves_intervals_to_words(bench: Bench) -> None:
    done = bench.run("ops", "health", "--section", "sla")
    assert done.exit_code == 0, done.output
    head = done.stdout.splitlines()[0].split()
    assert head == [
        *("queue", "due", "breached", "open_overdue"),
        *("first_p50_hours", "first_p90_hours", "reads"),
    ]


def test_restricted_queues_are_named_to_those_who_may_work_on_them(bench: Bench) -> None:
    bench.found(0, "ann", harm="child_safety")
    mine = {row["queue"]: row["came"] for row in bench.ask("ops", "health")["queues"]}
    assert mine["(restricted)"] == 1
    assert "child-safety" not in mine
    bench.be("heron-7")
    theirs = {row["queue"]: row["came"] for row in bench.ask("ops", "health")["queues"]}
    assert theirs["child-safety"] == 1
    report = bench.run("ops", "weekly", "--week", week(bench)).stdout
    assert "child-safety" not in report
    assert "| (restricted) | 0 | 1 |" in report


def week(bench: Bench) -> str:
    year, number, _ = bench.now.isocalendar()
    return f"{year}-W{number:02}"


def test_the_weekly_report_is_printed_or_written_whole(bench: Bench) -> None:
    bench.decided("ann")
    path = bench.folder / "week.md"
    done = bench.run("ops", "weekly", "--week", week(bench), "--output", str(path))
    assert (done.exit_code, done.stdout) == (0, "")
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"# Week {week(bench)}\n")
    assert "Decisions: 1." in text
    assert [each.name for each in bench.folder.glob(".*.part")] == []
    before = bench.run("ops", "weekly")
    assert "Decisions: 0." in before.stdout  # of the week before
    assert "ann" not in text.split()


def test_a_week_that_is_none_and_a_folder_that_is_not_there_are_refused(bench: Bench) -> None:
    assert "wanted a year and its week" in bench.refused("ops", "weekly", "--week", "2026-10")
    path = str(bench.folder / "nowhere" / "week.md")
    assert "cannot be written" in bench.refused("ops", "weekly", "--output", path)


def test_transparency_counts_go_to_a_file_of_either_kind(bench: Bench) -> None:
    window = ("ops", "transparency", "--from", "30d", "--to", "0d")
    found = bench.ask(*window)
    assert list(found) == ["statements", "appeals", "reports"]
    assert found["statements"][0]["statements"] == 0
    for end in ("json", "csv"):
        path = bench.folder / f"counts.{end}"
        assert bench.run(*window, "--output", str(path)).exit_code == 0
    assert json.loads(Path(bench.folder / "counts.json").read_text(encoding="utf-8")) == found
    rows = csv.DictReader((bench.folder / "counts.csv").read_text(encoding="utf-8").splitlines())
    assert [row["statements"] for row in rows] == ["0"]
    refused = bench.refused(*window, "--output", str(bench.folder / "counts.txt"))
    assert "wanted .csv or .json" in refused


def test_nothing_is_told_without_a_token(bench: Bench) -> None:
    bench.patch.delenv("WATCHFLOOR_TOKEN")
    assert "token" in bench.refused("ops", "health")


def test_a_window_that_ends_before_it_begins_is_refused(bench: Bench) -> None:
    refused = bench.refused("ops", "health", "--from", "2026-03-02", "--to", "2026-03-01")
    assert "wanted an end after its start" in refused
