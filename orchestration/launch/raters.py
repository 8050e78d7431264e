"""How a product's raters do on settled units, all together."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from orchestration.ledger.tables import answers, golden, review_tasks

LEAST = 20  # answers of each kind, under which nobody can say


@dataclass(frozen=True, slots=True)
class Raters:
    """Shares of settled units that were judged rightly; null under 20 answers of that kind."""

    sensitivity: float | None
    specificity: float | None
    answers: int


def raters_of(connection: Connection, product: str) -> Raters:
    """What answers to the product's settled units come to; those that were wrong do not count."""
    query = (
        select(golden.c.value, answers.c.verdict)
        .join(review_tasks, review_tasks.c.task_id == answers.c.task_id)
        .join(golden, golden.c.golden_id == review_tasks.c.golden_id)
        .where(golden.c.product == product, golden.c.retired_why.is_distinct_from("wrong"))
        .where(answers.c.verdict.in_(("violating", "benign")))
    )
    given = [(bool(value), verdict == "violating") for value, verdict in connection.execute(query)]
    return Raters(_right(given, of=True), _right(given, of=False), len(given))


def _right(given: list[tuple[bool, bool]], *, of: bool) -> float | None:
    mine = [said for truth, said in given if truth is of]
    return sum(said is of for said in mine) / len(mine) if len(mine) >= LEAST else None
