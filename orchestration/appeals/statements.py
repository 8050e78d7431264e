"""Statements of reasons for export, as Art. 17 DSA has them; nothing is submitted from here."""

from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, select

from orchestration.ledger.tables import enforcements, notices

LISTS = ("decision_visibility", "category_specification", "content_type", "territorial_scope")
TEXTS = (
    "decision_visibility_other",
    "decision_monetary",
    "decision_monetary_other",
    "decision_provision",
    "decision_account",
    "end_date_visibility_restriction",
    "end_date_monetary_restriction",
    "end_date_service_restriction",
    "end_date_account_restriction",
    "decision_ground",
    "illegal_content_legal_ground",
    "illegal_content_explanation",
    "incompatible_content_ground",
    "incompatible_content_explanation",
    "category",
    "content_type_other",
    "content_date",
    "application_date",
    "decision_facts",
    "source_type",
    "automated_detection",
    "automated_decision",
    "puid",
)
TIME = pl.Datetime("us", "UTC")
SCHEMA: dict[str, Any] = {
    "enforcement_id": pl.String,
    "product": pl.String,
    "state": pl.String,
    "queued_at": TIME,
    "sent_at": TIME,
    "reversed_at": TIME,
    **dict.fromkeys(TEXTS, pl.String),
    **dict.fromkeys(LISTS, pl.List(pl.String)),
}


def export(connection: Connection, since: datetime) -> pl.DataFrame:
    """A row for each restriction told from a moment on, in order; fields as the DSA's API has them.

    `state` is the notice's, `reversed_at` says that the restriction was taken back since. A field
    that does not apply is null. Warnings restrict nothing and are not among them.
    """
    n, e = notices.c, enforcements.c
    told = (
        select(
            n.enforcement_id, n.product, n.state, n.queued_at, n.sent_at, e.reversed_at, n.fields
        )
        .outerjoin(enforcements, e.enforcement_id == n.enforcement_id)
        .where(n.kind == "applied", n.queued_at >= since)
        .order_by(n.queued_at, n.audit_seq)
    )
    rows = []
    for row in connection.execute(told).mappings():
        statement = row["fields"].get("statement")
        if statement:
            known = {name: row[name] for name in row if name != "fields"}
            rows.append({**known, **statement})
    return pl.DataFrame(rows, schema=SCHEMA)
