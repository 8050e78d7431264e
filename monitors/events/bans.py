"""Event contract `bans`: accounts closed by enforcement, so that a return can be recognised."""

import polars as pl

from monitors.columns import Column, Contract

CONTRACT = Contract(
    name="bans",
    doc="Accounts closed by enforcement; the common columns say from where they last acted.",
    columns=(
        Column("reason", pl.String, "Policy that was broken.", null="not logged"),
        Column("email_hash", pl.String, "Keyed hash of the e-mail address.", null="none"),
        Column("phone_hash", pl.String, "Keyed hash of the phone number.", null="none"),
        Column("payment_hash", pl.String, "Keyed hash of the payment instrument.", null="none"),
    ),
)
