"""In which language or country flagged windows are, as their events say."""

import re
from collections.abc import Iterable

import polars as pl

from monitors.columns import Contract
from monitors.contract import Monitor
from monitors.evaluate import Span
from monitors.registry import contract_of
from orchestration.cases.sightings import again, events_of
from orchestration.evaluation import FINDINGS_TABLE, raw_tables
from orchestration.intake.manifests import Names
from orchestration.lake import Lake
from orchestration.review.scores import windows

GROUPS = pl.Schema(dict.fromkeys(("unit", "by", "name"), pl.String()))
CODE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z]{2,4})?")
OTHER = "other"  # a log's text is printed only where it is a code


def groups(
    lake: Lake, monitor: Monitor, spans: Iterable[Span], known: Names, by: str
) -> pl.DataFrame:
    """`unit`, `by` and `name` of flagged windows: what most of their events have in column `by`.

    Contracts count that the monitor reads and that have both the column and its entity. What is no
    code of a language or country, as `en` or `pt-BR`, is "other". A window of which no event says
    it is not there.
    """
    fit = [
        contract
        for contract in map(contract_of, sorted({name for _, name in raw_tables(monitor)}))
        if {by, monitor.entity} <= set(contract.schema)
    ]
    made = [pl.DataFrame(schema=GROUPS)]
    for rows in windows(lake, monitor, spans, known, [FINDINGS_TABLE]) if fit else ():
        if rows.height:
            said = pl.concat([_said(lake, monitor, contract, rows, by) for contract in fit])
            made.append(_most(said, by))
    return pl.concat(made).unique("unit").sort("unit")


def _said(
    lake: Lake, monitor: Monitor, contract: Contract, rows: pl.DataFrame, by: str
) -> pl.DataFrame:
    """`unit` and `name` of every event that says it, inside the windows of `rows`."""
    begin, end = rows.select(pl.col("window_start").min(), pl.col("window_end").max()).row(0)
    entities = rows["entity"].unique().to_list()
    mine = (
        pl.col("product") == monitor.product,
        pl.col(monitor.entity).is_in(entities),
        pl.col(by).is_not_null(),
    )
    columns = ("occurred_at", pl.col(by).alias("name"), pl.col(monitor.entity).alias("entity"))
    events = again(
        lambda: (
            events_of(lake, contract, Span(begin, end))
            .filter(*mine)
            .select(columns)
            .collect(engine="streaming")
        )
    )
    inside = pl.col("occurred_at").is_between("window_start", "window_end", closed="left")
    return rows.join(events, on="entity").filter(inside).select("unit", "name")


def _most(said: pl.DataFrame, by: str) -> pl.DataFrame:
    """The name that most events of each unit have; of equally many the first by name."""
    code = pl.col("name").str.contains(f"^{CODE.pattern}$")
    named = said.with_columns(name=pl.when(code).then("name").otherwise(pl.lit(OTHER)))
    counted = named.group_by("unit", "name").len().sort(["len", "name"], descending=[True, False])
    first = counted.unique("unit", keep="first", maintain_order=True)
    return first.select("unit", by=pl.lit(by), name="name")
