"""Event contract `user_reports`: reports by people about accounts or content."""

import polars as pl

from monitors.columns import Column, Contract

CONTRACT = Contract(
    name="user_reports",
    doc="Reports by people about accounts or content.",
    columns=(
        Column("target_id", pl.String, "Account reported."),
        Column("item_id", pl.String, "Content reported.", null="the account as a whole"),
        Column("reason", pl.String, "Reason picked by the reporter.", null="none was picked"),
        Column(
            "dismissed",
            pl.Boolean,
            "Whether a reviewer dismissed it.",
            null="not reviewed yet",
        ),
    ),
)
