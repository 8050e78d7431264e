"""Event contract `account_changes`: changes to an account's settings and credentials."""

import polars as pl

from monitors.columns import Column, Contract

CONTRACT = Contract(
    name="account_changes",
    doc="Changes to an account's settings and credentials.",
    columns=(
        Column(
            "change",
            pl.String,
            "password, email, phone, mfa_on, mfa_off, payout, key_created, export or name.",
        ),
        Column("recovered", pl.Boolean, "Whether through account recovery.", null="not logged"),
    ),
)
