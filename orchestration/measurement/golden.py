"""How those who labelled a monitor's version do on gold: what their labels are worth."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import polars as pl
from sqlalchemy import Connection, or_, select, true

from orchestration.ledger.ids import check_time
from orchestration.ledger.labels import OF_DRAWS, labels_of
from orchestration.ledger.tables import answers, golden, review_tasks
from orchestration.measurement.reviewers import calibrate
from orchestration.measurement.sampling import UNIFORM

LINE = 0.80  # of sensitivity and specificity
RECENT = timedelta(days=90)
VIOLATING, BENIGN = "violating", "benign"
COLUMNS = ("rater", "unit", "label", "true", "product")
TOGETHER = "together"


@dataclass(frozen=True, slots=True)
class GoldResult:
    """What gold says of the raters of a version, of `n` answers by `raters`.

    Failed: sensitivity or specificity, of one rater or of all together, is surely under 0.80 (the
    upper end of its 95 % interval is), as of somebody who answers at random. Unknown: under 20
    items of a kind were answered.
    """

    raters: int
    n: int
    state: Literal["passed", "failed", "unknown"]


def gold_results(
    connection: Connection, versions: Iterable[tuple[str, int]], now: datetime
) -> dict[tuple[str, int], GoldResult]:
    """The result of each version, on gold of its product that was answered in the last 90 days.

    Items that leaked, were wrong, or were of a policy that changed do not count. Raises LedgerError
    for a time without a zone.
    """
    wanted, moment = list(versions), check_time("now", now)
    raters: defaultdict[tuple[str | None, int | None], set[str]] = defaultdict(set)
    for label in labels_of(connection, wanted):
        if label.source in OF_DRAWS and label.stratum == UNIFORM:
            raters[label.monitor, label.monitor_version].add(label.rater)
    given = answers_to_gold(connection, set[str]().union(*raters.values()), moment)
    return {
        (monitor, version): result(
            given.filter(
                pl.col("rater").is_in(sorted(raters[monitor, version])),
                product=monitor.partition("/")[0],
            ),
        )
        for monitor, version in wanted
    }


def result(given: pl.DataFrame) -> GoldResult:
    """What answers[rater, unit, label, true] come to: of each rater, and of all together."""
    raters, n = given["rater"].n_unique(), given.height
    gold = given.select("unit", label="true").unique()
    if gold["label"].n_unique() < 2:  # noqa: PLR2004 - both kinds
        return GoldResult(raters, n, "unknown")
    each = calibrate(given, gold, positive=VIOLATING)
    # As one rater's: everybody's answer to an item is an item of its own.
    one = given.with_columns(
        rater=pl.lit(TOGETHER), unit=pl.format("{}/{}", pl.col("rater"), pl.col("unit"))
    )
    everybody = calibrate(one, one.select("unit", label="true"), positive=VIOLATING)
    if any((found["upper"] < LINE).any() for found in (each, everybody)):
        return GoldResult(raters, n, "failed")
    known = (everybody["state"] == "measured").all()
    return GoldResult(raters, n, "passed" if known else "unknown")


def answers_to_gold(
    connection: Connection, raters: Iterable[str] | None, now: datetime
) -> pl.DataFrame:
    """What raters said of gold in 90 days, the newest of each to an item; no verdict is null.

    One row per rater and item: rater, unit, label, true, product. Without `raters` everybody's.
    """
    a, t, g = answers.c, review_tasks.c, golden.c
    columns = (a.rater, g.golden_id, a.verdict, g.value, g.product)
    joined = select(*columns).join(review_tasks, t.task_id == a.task_id)
    found = (
        joined.join(golden, g.golden_id == t.golden_id)
        .where(
            a.rater.in_(sorted(raters)) if raters is not None else true(),
            a.answered_at > now - RECENT,
            a.answered_at <= now,
            or_(g.retired_why.is_(None), g.retired_why == "expired"),
        )
        .order_by(a.answered_at, a.answer_id)
    )
    newest: Mapping[tuple[str, str], tuple[str | None, ...]] = {
        (rater, unit): (
            rater,
            unit,
            verdict if verdict in {VIOLATING, BENIGN} else None,
            VIOLATING if value else BENIGN,
            product,
        )
        for rater, unit, verdict, value, product in connection.execute(found)
    }
    schema = dict.fromkeys(COLUMNS, pl.String)
    return pl.DataFrame(list(newest.values()), schema=schema, orient="row")
