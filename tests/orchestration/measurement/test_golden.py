from datetime import timedelta

import polars as pl
import pytest
from sqlalchemy import Connection, Engine, insert

from orchestration.ledger.audit import append
from orchestration.ledger.database import reading, writing
from orchestration.ledger.errors import LedgerError
from orchestration.ledger.tables import answers, golden, review_tasks
from orchestration.measurement.golden import GoldResult, gold_results, result
from tests.support.ledgers import NOON, act
from tests.support.measuring import judge

MONITOR = "chat/mass_dm"
VERSION = (MONITOR, 1)
DAY = timedelta(days=1)
PLACE = {
    "monitor": MONITOR,
    "version": 1,
    "entity_type": "account_id",
    "entity": "account_7f3a09c2e1d4",
    "window_start": NOON - DAY,
    "window_end": NOON,
}


def items(connection: Connection, seq: int, n: int, *, value: bool, **more: object) -> list[str]:
    """Golden items of one truth."""
    name = f"{value}-{more.get('product', 'chat')}-{more.get('retired_why', 'in')}"
    rows = [
        {
            "golden_id": f"g-{name}-{number}",
            "audit_seq": seq,
            "unit_id": f"scored:{name}-{number}",
            "product": "chat",
            **PLACE,
            "value": value,
            "policy_version": "spam:1",
            "since_version": 1,
            "added_by": "lea",
            "added_at": NOON - 100 * DAY,
            "expires_at": NOON + 100 * DAY,
            "retired_at": None,
            "retired_why": None,
            **more,
        }
        for number in range(n)
    ]
    connection.execute(insert(golden), rows)
    return [str(row["golden_id"]) for row in rows]


def answered(
    connection: Connection,
    seq: int,
    rater: str,
    verdicts: dict[str, str],
    days: int = 1,
) -> None:
    """A rater's answers to golden tasks, so many days ago."""
    for golden_id, verdict in verdicts.items():
        task_id = f"t-{rater}-{golden_id}-{days}"
        task = {
            "task_id": task_id,
            "audit_seq": seq,
            "kind": "golden",
            "unit_id": f"scored:{golden_id}",
            "product": "chat",
            **PLACE,
            "golden_id": golden_id,
            "rank": 0.5,
            "state": "settled",
            "made_at": NOON - days * DAY,
            "due_at": NOON,
        }
        connection.execute(insert(review_tasks), task)
        row = {
            "answer_id": f"a-{task_id}",
            "audit_seq": seq,
            "task_id": task_id,
            "unit_id": task["unit_id"],
            "rater": rater,
            "verdict": verdict,
            "answered_at": NOON - days * DAY,
        }
        connection.execute(insert(answers), row)


@pytest.fixture
def seq(ledger: Engine) -> int:
    """An audit row that all of a test's rows point at; `rita` labelled the monitor's version."""
    with writing(ledger) as connection:
        judge(connection, MONITOR, [True] * 14, at=NOON - DAY)
        return append(connection, act=act(), verb="add", object_id="test:gold")


def given(ledger: Engine, seq: int, right: int, wrong: int, **more: object) -> None:
    """Rita answers items of each truth, so many of a kind right and wrong."""
    with writing(ledger) as connection:
        for value, yes, no in ((True, "violating", "benign"), (False, "benign", "violating")):
            names = items(connection, seq, right + wrong, value=value, **more)
            said = dict.fromkeys(names[:right], yes) | dict.fromkeys(names[right:], no)
            answered(connection, seq, "rita", said)


def found(ledger: Engine) -> GoldResult:
    with reading(ledger) as connection:
        return gold_results(connection, [VERSION], NOON)[VERSION]


def test_raters_who_know_gold_pass(ledger: Engine, seq: int) -> None:
    given(ledger, seq, 19, 1)
    assert found(ledger) == GoldResult(1, 40, "passed")


def test_raters_who_guess_fail(ledger: Engine, seq: int) -> None:
    given(ledger, seq, 15, 15)
    assert found(ledger) == GoldResult(1, 60, "failed")


def test_raters_who_always_say_violating_fail(ledger: Engine, seq: int) -> None:
    with writing(ledger) as connection:
        names = [
            name for value in (True, False) for name in items(connection, seq, 20, value=value)
        ]
        answered(connection, seq, "rita", dict.fromkeys(names, "violating"))
    assert found(ledger) == GoldResult(1, 40, "failed")


def test_of_few_answers_nothing_is_known(ledger: Engine, seq: int) -> None:
    given(ledger, seq, 0, 19)
    assert found(ledger) == GoldResult(1, 38, "unknown")


@pytest.mark.usefixtures("seq")
def test_without_answers_nothing_is_known(ledger: Engine) -> None:
    assert found(ledger) == GoldResult(0, 0, "unknown")


def test_answers_of_people_who_did_not_label_it_say_nothing(ledger: Engine, seq: int) -> None:
    with writing(ledger) as connection:
        names = items(connection, seq, 30, value=True) + items(connection, seq, 30, value=False)
        answered(connection, seq, "somebody", dict.fromkeys(names, "violating"))
    assert found(ledger) == GoldResult(0, 0, "unknown")


@pytest.mark.parametrize(
    ("more", "n"),
    [
        ({"product": "web"}, 0),
        ({"retired_why": "leaked", "retired_at": NOON}, 0),
        ({"retired_why": "wrong", "retired_at": NOON}, 0),
        ({"retired_why": "policy", "retired_at": NOON}, 0),
        ({"retired_why": "expired", "retired_at": NOON}, 60),
    ],
)
def test_only_sound_gold_of_its_product_counts(
    ledger: Engine, seq: int, more: dict[str, object], n: int
) -> None:
    given(ledger, seq, 0, 30, **more)
    assert found(ledger).n == n
    assert found(ledger).state == ("failed" if n else "unknown")


def test_answers_of_long_ago_do_not_count_and_of_two_the_newer_does(
    ledger: Engine, seq: int
) -> None:
    with writing(ledger) as connection:
        bad, good = (items(connection, seq, 20, value=value) for value in (True, False))
        wrong = dict.fromkeys(bad, "benign") | dict.fromkeys(good, "violating")
        answered(connection, seq, "rita", wrong, days=90)
        assert gold_results(connection, [VERSION], NOON)[VERSION].n == 0
        answered(connection, seq, "rita", wrong, days=89)
        assert gold_results(connection, [VERSION], NOON)[VERSION].state == "failed"
        right = dict.fromkeys(bad, "violating") | dict.fromkeys(good, "benign")
        answered(connection, seq, "rita", right, days=2)
        assert gold_results(connection, [VERSION], NOON)[VERSION] == GoldResult(1, 40, "passed")


def test_one_who_guesses_among_many_who_know_is_found() -> None:
    known = answers_of({f"r{at}": 1.0 for at in range(9)})
    assert result(known).state == "passed"
    assert result(pl.concat([known, answers_of({"x": 0.5})])).state == "failed"


def test_together_a_few_answers_of_each_say_what_those_of_one_do_not() -> None:
    assert result(answers_of({"a": 0.5}, n=10)).state == "unknown"
    assert result(answers_of({f"r{at}": 0.5 for at in range(9)}, n=10)).state == "failed"
    assert result(answers_of({f"r{at}": 1.0 for at in range(9)}, n=10)).state == "passed"


def answers_of(raters: dict[str, float], n: int = 40) -> pl.DataFrame:
    """Answers to n items of each truth, of which every rater has a share right."""
    rows = [
        (rater, f"{true}-{at}", true if at < share * n else other, true, "chat")
        for rater, share in raters.items()
        for true, other in (("violating", "benign"), ("benign", "violating"))
        for at in range(n)
    ]
    columns = ["rater", "unit", "label", "true", "product"]
    return pl.DataFrame(rows, schema=columns, orient="row")


def test_a_time_without_a_zone_is_refused(ledger: Engine) -> None:
    with reading(ledger) as connection, pytest.raises(LedgerError, match="without a zone"):
        gold_results(connection, [VERSION], NOON.replace(tzinfo=None))
