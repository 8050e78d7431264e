"""`watchfloor review`, from a draw to the figure that a gate reads."""

import json
from dataclasses import replace
from typing import Any

import pytest

from monitors.evaluate import Span
from monitors.registry import Registry
from orchestration.lake import Lake
from orchestration.ledger.acts import Act, Actor
from orchestration.ledger.database import reading, writing
from orchestration.ledger.machines import where
from orchestration.ledger.review_tasks import REVIEW_TASKS, add_tasks
from orchestration.measurement.quality import quality
from orchestration.review.label_studio import FORMAT
from orchestration.review.plan import Draw, draw_plans
from orchestration.settings import load
from tests.orchestration.alerts.builders import MINUTE, at
from tests.orchestration.cli.cases.bench import SPAM, Bench
from tests.support.houses import message
from tests.support.lakes import put

CANARY = "my secret recipe 7f3a"


@pytest.fixture
def drawn(bench: Bench) -> Bench:
    """Ann is found on a day of which every episode is drawn, and reviewed twice."""
    lake = Lake(load().lake)
    put(lake, "web", "messages", [message("ann", at(0) + 5 * MINUTE, CANARY)])
    bench.found(0, "ann")
    day = Span(at(0), at(24))
    draw_plans(
        Registry({}, {}), Draw(bench.engine, lake, bench.names, "a seed", 1.0, day, bench.now)
    )
    with writing(bench.engine) as connection:
        tasks = list(where(connection, REVIEW_TASKS).values())
        assert [task.kind for task in tasks if task.kind != "second"] == ["episode"]
        if len(tasks) == 1:  # the keyed hash picks one in ten
            again = replace(
                tasks[0], task_id="task_0again", kind="second", of_task=tasks[0].task_id
            )
            add_tasks(connection, [again], Act(Actor("sampling", "system"), bench.now, "drawn"))
    return bench


def taken(bench: Bench, *options: str) -> dict[str, Any]:
    """The task that the command gives, with its other sections."""
    found = bench.ask("review", "next", *options)
    (task,) = found.pop("task")
    return {**found, **task}


def test_from_a_draw_to_the_figure_of_the_gate(drawn: Bench) -> None:
    first = taken(drawn)
    assert first["harm"] == "scraping"
    assert taken(drawn)["task_id"] == first["task_id"]
    drawn.be("wren-5")
    second = taken(drawn)
    assert second["task_id"] != first["task_id"]
    assert {**second, "task_id": "", "yours_until": ""} == {
        **first,
        "task_id": "",
        "yours_until": "",
    }
    told = drawn.one("review", "answer", second["task_id"], "violating")
    assert told == {"task_id": second["task_id"], "verdict": "violating", "new": True}
    assert drawn.one("review", "answer", second["task_id"][:12], "violating")["new"] is False
    assert "has answered the task" in drawn.refused("review", "answer", second["task_id"], "benign")
    drawn.be("otter-2")
    drawn.ask("review", "answer", first["task_id"], "benign")
    drawn.refused("review", "next", code=3)
    drawn.refused("review", "disputes")
    drawn.be("heron-7")
    (listed,) = drawn.ask("review", "disputes")
    assert (listed["verdicts"], listed["raters"]) == ("violating, benign", "wren-5, otter-2")
    shown = drawn.ask("review", "disputes", listed["task_id"])
    assert "yours_until" not in shown["task"][0]
    settled = drawn.one("review", "settle", listed["task_id"], "violating", "--reason", "seen")
    assert (settled["verdict"], settled["new"]) == ("violating", True)
    assert drawn.ask("review", "disputes") == []
    with reading(drawn.engine) as connection:
        found = quality(connection, SPAM, 1, drawn.now)
    assert (found.n, found.k) == (1, 1)
    assert drawn.is_sound()


def test_texts_are_shown_to_who_asks_and_counted(drawn: Bench) -> None:
    plain = taken(drawn)
    assert "content" not in plain
    done = drawn.run("review", "next", "--reveal", "--format", "json")
    assert done.exit_code == 0, done.output
    assert [row["text"] for row in json.loads(done.stdout)["content"]] == [CANARY]
    assert "1 texts, 0 more; you may see 199 more today." in done.stderr
    (view,) = drawn.rows("task_views")
    assert (view["person"], view["items"]) == ("otter-2", 1)
    assert CANARY not in json.dumps(plain)
    assert CANARY not in json.dumps(drawn.rows("audit"), default=str)


def test_a_task_is_shown_as_people_read_it(drawn: Bench) -> None:
    done = drawn.run("review", "next")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].startswith("task_id")
    assert any(line.split() == ["messages", "web", "events", "1"] for line in lines)
    for word in ("score", "threshold", "stratum", "episode", "second", SPAM):
        assert word not in done.stdout
    (held, *rest) = drawn.ask("review", "mine")
    assert (held["verdict"], held["answered_at"], rest) == (None, None, [])


def test_gold_is_added_from_what_is_settled_listed_and_retired(drawn: Bench) -> None:
    for who in ("otter-2", "wren-5"):
        drawn.be(who)
        task = taken(drawn)
        drawn.ask("review", "answer", task["task_id"], "violating")
    add = ("review", "golden", "add", task["task_id"], "violating", "--policy", task["policy"])
    assert "none of which may 'gold'" in drawn.refused(*add)
    drawn.be("heron-7")
    done = drawn.one(*add)
    assert (done["product"], done["version"], done["new"]) == ("web", 1, True)
    assert drawn.one(*add)["new"] is False
    (row,) = drawn.ask("review", "golden", "list")
    assert (row["golden_id"], row["verdict"]) == (done["golden_id"], "violating")
    retire = ("review", "golden", "retire", done["golden_id"], "leaked", "--reason", "talked of")
    assert drawn.one(*retire)["new"] is True
    assert drawn.one(*retire)["new"] is False
    assert drawn.ask("review", "golden", "list") == []
    assert len(drawn.ask("review", "golden", "list", "--retired")) == 1
    assert len(drawn.ask("review", "golden", "list", "--product", "web", "--version", "1")) == 1
    assert "--version goes with" in drawn.refused("review", "golden", "list", "--version", "1")
    drawn.be("otter-2")
    assert "none of which may 'gold'" in drawn.refused("review", "golden", "list")


def test_tasks_go_to_label_studio_and_come_back(drawn: Bench) -> None:
    drawn.be("heron-7")
    file = drawn.folder / "tasks.json"
    done = drawn.run("review", "export", str(file))
    assert (done.exit_code, "2 tasks in" in done.stderr) == (0, True), done.output
    assert "is there already" in drawn.refused("review", "export", str(file))
    entries = json.loads(file.read_text(encoding="utf-8"))
    assert {entry["data"]["format"] for entry in entries} == {FORMAT}
    assert CANARY not in file.read_text(encoding="utf-8")
    for number, entry in enumerate(entries):
        result = [{"type": "choices", "value": {"choices": ["benign"]}}]
        entry["annotations"] = [{"completed_by": number, "result": result}]
    entries.append({"id": 3, "data": {"format": FORMAT, "task_id": "task_gone"}, "annotations": []})
    entries.append({"id": 4, "data": {}})
    back = drawn.folder / "back.json"
    back.write_text(json.dumps(entries), encoding="utf-8")
    raters = ("--rater", "0=otter-2", "--rater", "1=wren-5")
    done = drawn.run("review", "import", str(back), *raters, "--format", "json")
    assert done.exit_code == 1, done.output
    told = json.loads(done.stdout)
    assert told["counts"] == [{"new": 2, "known": 0, "unanswered": 1, "skipped": 0, "refused": 1}]
    assert told["refused"] == [{"entry": 4, "annotation": None, "task_id": None, "why": "not_ours"}]
    done = drawn.run("review", "import", str(back), *raters)
    assert (done.exit_code, done.stdout.splitlines()[0]) == (
        1,
        "0 new, 2 known, 1 unanswered, 0 skipped, 1 refused",
    )
    assert {(row["rater"], row["verdict"]) for row in drawn.rows("answers")} == {
        ("otter-2", "benign"),
        ("wren-5", "benign"),
    }


def test_a_half_written_file_and_a_wrong_rater_change_nothing(drawn: Bench) -> None:
    drawn.be("heron-7")
    file = drawn.folder / "half.json"
    file.write_text('[{"id": 1, "data"', encoding="utf-8")
    before = drawn.rows("audit")
    assert "no whole JSON" in drawn.refused("review", "import", str(file))
    file.write_bytes(b"\xff\xfe[")
    assert "no text in UTF-8" in drawn.refused("review", "import", str(file))
    file.write_text("[]", encoding="utf-8")
    for wrong in ("7", "=otter-2", "7="):
        told = drawn.refused("review", "import", str(file), "--rater", wrong)
        assert "WHO=PERSON" in told
    nobody = ("review", "import", str(file), "--rater", "7=otter-3")
    assert "did you mean 'otter-2'" in drawn.refused(*nobody)
    drawn.be("otter-2")
    assert "may 'adjudicate'" in drawn.refused("review", "import", str(file))
    assert "may 'adjudicate'" in drawn.refused("review", "export", str(drawn.folder / "x.json"))
    assert drawn.rows("audit") == before


def test_who_answers_nothing_is_told_which_role_is_wanted(drawn: Bench) -> None:
    drawn.be("finch-1")
    for command in ("next", "mine"):
        told = drawn.refused("review", command)
        assert "none of which may 'answer'; wanted one of reviewer, lead" in told
