from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from sqlalchemy import Engine, insert

from orchestration.ledger.audit import append
from orchestration.ledger.database import reading, writing
from orchestration.ledger.labels import Label, Source, write_labels
from orchestration.ledger.review_tasks import ReviewTask, add_tasks
from orchestration.ledger.tables import answers, golden
from orchestration.measurement.errors import MeasurementError
from orchestration.measurement.rater_agreement import agreement, cross_check
from orchestration.measurement.rater_answers import CASES, GOLD
from orchestration.measurement.reviewer_quality import (
    REVIEWERS,
    ReviewerReport,
    drifts_of,
    help_of,
    overturns,
    reviewer_report,
    skills,
)
from tests.support.ledgers import NOON, act
from tests.support.review import golden_row, task_row

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
NOW = NOON + DAY
BAD, GOOD = "violating", "benign"


def on_gold(rater: str, skill: float, n: int, *, seed: int, product: str = "chat") -> pl.DataFrame:
    """Answers of one rater to n bad and n good items, each right with a chance of `skill`."""
    rng = np.random.default_rng(seed)
    true = [BAD, GOOD] * n
    right = rng.random(2 * n) < skill
    other = {BAD: GOOD, GOOD: BAD}
    return pl.DataFrame(
        {
            "rater": rater,
            "unit": [f"g{number}" for number in range(2 * n)],
            "label": [one if ok else other[one] for one, ok in zip(true, right, strict=True)],
            "product": product,
            "at": [NOON + number * MINUTE for number in range(2 * n)],
            "true": true,
        },
        schema=GOLD,
    )


@pytest.mark.parametrize("skill", [0.6, 0.8, 0.9, 0.97])
def test_reviewers_of_known_skill_are_calibrated_within_their_intervals(skill: float) -> None:
    gold = pl.concat(on_gold(f"r{seed:04}", skill, 40, seed=seed) for seed in range(1_000))
    found = skills(gold)
    assert (found.height, set(found["state"])) == (2_000, {"measured"})
    covered = found.filter(pl.col("lower") <= skill, skill <= pl.col("upper")).height
    assert covered / 2_000 >= 0.93


def test_who_errs_surely_too_much_needs_help_and_nobody_of_thin_data() -> None:
    gold = pl.concat(
        [
            on_gold("zoe", 0.5, 40, seed=6),  # at random
            on_gold("ana", 0.95, 40, seed=7),
            on_gold("ben", 0.0, 19, seed=8),  # always wrong, of too few of each kind to say
        ]
    )
    found = help_of(skills(gold), drifts_of(gold).filter(pl.lit(value=False)))
    assert found["rater"].unique().to_list() == ["zoe"]
    assert "surely under 80% (n = 40)" in found["why"][0]
    ben = skills(gold).filter(rater="ben")
    assert (set(ben["state"]), ben["value"].null_count()) == ({"insufficient"}, 2)


def test_who_comes_to_err_is_alarmed_for_with_the_day() -> None:
    before, after = on_gold("ana", 1.0, 40, seed=1), on_gold("ana", 0.4, 40, seed=2)
    later = after.with_columns(pl.col("at") + DAY, unit=pl.format("late{}", "unit"))
    gold = pl.concat([before, later])
    drifts = drifts_of(gold)
    assert drifts.select("rater", "n", "alarm").rows() == [("ana", 160, True)]
    why = help_of(pl.DataFrame(schema=REVIEWERS), drifts)["why"][0]
    assert why.startswith(f"errs more on gold since {NOON + DAY:%Y-%m-%d}")
    assert not drifts_of(before)["alarm"].any()


def test_gold_of_one_kind_says_nothing_of_anybody() -> None:
    gold = on_gold("ana", 1.0, 40, seed=1).filter(true=BAD)
    assert skills(gold).select("measure", "n", "state").rows() == [
        ("sensitivity", 0, "insufficient"),
        ("specificity", 0, "insufficient"),
    ]
    assert drifts_of(gold).is_empty()


def test_a_share_overturned_of_under_20_is_not_told_and_rows_are_by_id() -> None:
    given = pl.DataFrame(
        [("zoe", "chat", False)] * 20 + [("ana", "chat", True)] * 19, schema=CASES, orient="row"
    )
    found = overturns("appeals", given)
    assert found.select("rater", "value", "n", "state").rows() == [
        ("ana", None, 19, "insufficient"),
        ("zoe", 0.0, 20, "measured"),
    ]


def answered(unit: int, *said: tuple[str, str]) -> list[tuple[object, ...]]:
    return [
        (rater, f"u{unit}", label, "chat", NOON + number * MINUTE)
        for number, (rater, label) in enumerate(said)
    ]


def test_agreement_has_all_five_figures_of_who_judged_first_and_next() -> None:
    cells = [(BAD, BAD)] + [(BAD, GOOD)] * 4 + [(GOOD, BAD)] * 5 + [(GOOD, GOOD)] * 90
    rows = [
        row
        for number, (one, two) in enumerate(cells)
        for row in answered(number, ("ana", one), ("ben" if number % 2 else "cem", two))
    ]
    schema = ["rater", "unit", "label", "product", "at"]
    found = agreement(pl.DataFrame(rows, schema=schema, orient="row"))
    values = {row["measure"]: row["value"] for row in found.iter_rows(named=True)}
    assert values["observed"] == pytest.approx(0.91)
    assert values["kappa"] == pytest.approx(0.135, abs=0.001)
    assert values["ac1"] == pytest.approx(0.900, abs=0.001)
    assert values["positive"] == pytest.approx(0.182, abs=0.001)
    assert values["alpha"] == pytest.approx(0.139, abs=0.001)
    assert set(found["raters"]) == {3}
    few = agreement(pl.DataFrame(rows[:38], schema=schema, orient="row"))
    assert (set(few["state"]), few["value"].null_count()) == ({"insufficient"}, 5)


def test_two_people_alone_are_not_checked_against_each_other() -> None:
    rng = np.random.default_rng(6)
    truth = rng.random(200) < 0.5
    names = ("ana", "ben", "cem")
    right = rng.random((3, 200)) < np.array([[0.95], [0.9], [0.7]])
    rows = [
        row
        for unit in range(200)
        for row in answered(
            unit,
            *(
                (name, BAD if ok[unit] == truth[unit] else GOOD)
                for name, ok in zip(names, right, strict=True)
            ),
        )
    ]
    three = pl.DataFrame(rows, schema=["rater", "unit", "label", "product", "at"], orient="row")
    found = cross_check(three)
    values = found.filter(measure="sensitivity")["value"].to_list()
    assert values == pytest.approx([0.95, 0.9, 0.7], abs=0.1)
    two = cross_check(three.filter(pl.col("rater") != "cem"))
    assert set(two["state"]) == {"insufficient"}


def write(engine: Engine, tasks: list[ReviewTask], said: list[tuple[str, str, str]]) -> None:
    """Answers as (task, rater, verdict), a minute apart."""
    with writing(engine) as connection:
        add_tasks(connection, tasks, act())
        units = {task.task_id: task.unit_id for task in tasks}
        for number, (task_id, rater, verdict) in enumerate(said):
            seq = append(connection, act=act(), verb="answer", object_id=f"answer:{number}")
            row = {"answer_id": f"x{number}", "audit_seq": seq, "task_id": task_id}
            row |= {"unit_id": units[task_id], "rater": rater, "verdict": verdict}
            row |= {"answered_at": NOON + number * MINUTE}
            connection.execute(insert(answers), row)


def report(engine: Engine, **changed: object) -> ReviewerReport:
    with reading(engine) as connection:
        return reviewer_report(connection, now=NOW, **changed)  # type: ignore[arg-type]


def test_answers_of_the_ledger_are_compared_and_what_was_settled_counts_against(
    ledger: Engine,
) -> None:
    first = [task_row(f"a{n:02}") for n in range(20)]
    second = [
        task_row(f"b{n:02}", "second", unit_id=one.unit_id, of_task=one.task_id)
        for n, one in enumerate(first)
    ]
    said = [(one.task_id, "ana", BAD) for one in first]
    said += [(one.task_id, "ben", BAD if n < 15 else GOOD) for n, one in enumerate(second)]
    write(ledger, [*first, *second], said)
    with writing(ledger) as connection:
        ruled = [
            Label(
                f"r{n}",
                one.unit_id,
                n < 18,
                Source.ADJUDICATION,
                "lea",
                one.monitor,
                1,
                NOON,
                0.01,
                "bulk",
            )
            for n, one in list(enumerate(first))[15:]
        ]
        write_labels(connection, ruled, act())
    found = report(ledger)
    rows = {row["rater"]: row for row in found.reviewers.iter_rows(named=True)}
    assert (rows["ana"]["measure"], rows["ana"]["n"], rows["ana"]["value"]) == (
        "second review",
        20,
        0.1,
    )
    assert rows["ben"]["value"] == pytest.approx(0.15)
    observed = found.agreement.row(by_predicate=pl.col("measure") == "observed", named=True)
    assert (observed["n"], observed["value"]) == (20, 0.75)
    assert found.help.is_empty()
    assert report(ledger, product="web").reviewers.is_empty()
    assert report(ledger, since=timedelta(hours=1)).reviewers.is_empty()


def test_gold_of_the_ledger_measures_unless_it_leaked(ledger: Engine) -> None:
    kinds = {f"g{n:02}": n % 2 == 0 for n in range(42)}
    with writing(ledger) as connection:
        for name, value in kinds.items():
            seq = append(connection, act=act(), verb="gold", object_id=f"golden:{name}")
            gone = {"retired_why": "leaked", "retired_at": NOON} if name in {"g40", "g41"} else {}
            row = {**golden_row(name), "value": value, "audit_seq": seq, **gone}
            connection.execute(insert(golden), row)
    tasks = [task_row(name, "golden", golden_id=f"gold-{name}") for name in kinds]
    write(ledger, tasks, [(one.task_id, "ana", BAD) for one in tasks])
    found = report(ledger).reviewers
    assert found.select("rater", "measure", "value", "n").rows() == [
        ("ana", "sensitivity", 1.0, 20),
        ("ana", "specificity", 0.0, 20),
    ]
    assert report(ledger).help["why"][0].startswith("errs more on gold since")
    assert report(ledger).agreement.is_empty()


def test_no_time_at_all_is_refused(ledger: Engine) -> None:
    with pytest.raises(MeasurementError, match="more than none"):
        report(ledger, since=timedelta(0))
