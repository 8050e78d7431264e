"""What users reported, from the lake: pseudonyms in place of people, codes in place of words."""

from collections.abc import Collection

import polars as pl

from monitors.columns import schema
from monitors.evaluate import Span
from monitors.registry import contract_of
from orchestration.cases.sightings import SIGNUP_BACK, again, events_of
from orchestration.lake import Lake
from orchestration.ledger.ids import ID, digest_parts
from orchestration.pseudonyms import Pseudonyms
from orchestration.triage.reports import REPORTS

ACCOUNT = "account_id"
LONGEST_REASON = 60
OTHER = "other"  # a reason that is no code: it may be what somebody wrote
ANONYMOUS = "anonymous_"  # stands before the product of reporters who were not signed in
READ = schema({**REPORTS, "product": pl.String, "valid": pl.Boolean})


def read_reports(lake: Lake, names: Pseudonyms, span: Span) -> pl.DataFrame:
    """One row for each event of a span, oldest first, with the columns of READ.

    `ring` is the reporter's device, if one is known; it leaves this process nowhere. `valid` is
    what the product's own review said, null where there was none.
    """
    rows = again(lambda: events_of(lake, contract_of("user_reports"), span).collect())
    if rows.is_empty():
        return pl.DataFrame(schema=READ)
    ages = again(lambda: _signed_up(lake, rows, span))
    people = {*rows[ACCOUNT].drop_nulls(), *rows["target_id"]}
    named = names.names(ACCOUNT, sorted(people))
    found = rows.join(ages, on=ACCOUNT, how="left").select(
        report=pl.struct("product", "event_id", "occurred_at").map_elements(
            _report_id, return_dtype=pl.String
        ),
        reporter=pl.col(ACCOUNT)
        .replace_strict(named, default=None, return_dtype=pl.String)
        .fill_null(pl.lit(ANONYMOUS) + pl.col("product")),
        target=pl.col("target_id").replace_strict(named, return_dtype=pl.String),
        reason=pl.col("reason").map_elements(_code, return_dtype=pl.String),
        reported_at="occurred_at",
        account_created_at="account_created_at",
        ring="device_id",
        product="product",
        valid=~pl.col("dismissed"),
    )
    return found.select(READ.names()).unique("report").sort("reported_at", "report")


def remember_targets(lake: Lake, names: Pseudonyms, span: Span, wanted: Collection[str]) -> None:
    """Keep the real ids of reported accounts by their pseudonyms, as far as the span has them.

    For those whom a case is about: no finding has the id, and events are pruned before appeals end.
    """
    left = set(wanted) - names.entities_of(wanted).keys()
    if not left:
        return
    events = again(lambda: events_of(lake, contract_of("user_reports"), span).collect())
    named = names.known(ACCOUNT, events["target_id"].unique().to_list())
    names.remember(ACCOUNT, sorted(entity for entity, name in named.items() if name in left))


def _signed_up(lake: Lake, rows: pl.DataFrame, span: Span) -> pl.DataFrame:
    """When reporters signed up, as far as the lake still says."""
    longer = Span(span.start - SIGNUP_BACK, span.end)
    return (
        events_of(lake, contract_of("signups"), longer)
        .filter(pl.col(ACCOUNT).is_in(rows[ACCOUNT].drop_nulls().unique().implode()))
        .group_by(ACCOUNT)
        .agg(account_created_at=pl.col("occurred_at").min())
        .collect(engine="streaming")
    )


def _report_id(event: dict[str, object]) -> str:
    at = event["occurred_at"]
    parts = (str(event["product"]), str(event["event_id"]), f"{at:%Y-%m-%dT%H:%M:%S.%f}")
    return f"report_{digest_parts('report', *parts)[:24]}"


def _code(reason: str) -> str:
    return reason if len(reason) <= LONGEST_REASON and ID.fullmatch(reason) else OTHER
