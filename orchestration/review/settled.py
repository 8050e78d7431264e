"""Whether the truth of a unit is settled, and what it is."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from orchestration.ledger.labels import Source, labels_on, standing
from orchestration.ledger.tables import answers, review_tasks
from orchestration.review.errors import ReviewError

LEAST = 2  # raters who agree, where nobody adjudicated
VALUES = {"violating": True, "benign": False}
WORDS = {value: verdict for verdict, value in VALUES.items()}


@dataclass(frozen=True, slots=True)
class Settled:
    """What was found of a unit: null `value` if it is not settled.

    `policy_version` is null where no policy was cited.
    """

    value: bool | None
    policy_version: str | None = None

    def require(self, value: bool, policy_version: str) -> None:  # noqa: FBT001 - what is claimed
        """Raise ReviewError unless this very value is settled, under this policy version."""
        if self.value is None:
            raise ReviewError(
                f"The unit's truth is not settled; wanted an adjudication, or {LEAST} raters who "
                "agree and nobody who does not. Have it judged again, or adjudicated."
            )
        if self.value is not value:
            raise ReviewError(
                f"The unit was found {WORDS[self.value]}; {WORDS[value]} was given. Give what was "
                "found, or have it adjudicated."
            )
        if self.policy_version != policy_version:
            raise ReviewError(
                f"The unit was judged by {self.policy_version or 'no policy'}; {policy_version} "
                "was given. Give the one it was judged by, or have it judged anew."
            )


def settled(connection: Connection, unit_id: str) -> Settled:
    """The truth of a unit: its newest adjudication, else what all of its raters agree on.

    Answers to gold do not count: they are measured by the truth and do not make it.
    """
    standing_ = standing(labels_on(connection, [unit_id]))
    ruled = [label for label in standing_ if label.source is Source.ADJUDICATION]
    if ruled:
        return Settled(ruled[-1].value, ruled[-1].policy_version)
    a, t = answers.c, review_tasks.c
    given = (
        select(a.rater, a.verdict, a.policy_version)
        .join(review_tasks, t.task_id == a.task_id)
        .where(a.unit_id == unit_id, t.kind != "golden", a.verdict.in_(VALUES))
    )
    rows = connection.execute(given).all()
    found = {(VALUES[row.verdict], row.policy_version) for row in rows}
    if len({row.rater for row in rows}) < LEAST or len(found) != 1:
        return Settled(None)
    return Settled(*found.pop())
