"""Event contract `signups`: accounts created."""

import polars as pl

from monitors.columns import Column, Contract

CONTRACT = Contract(
    name="signups",
    doc="Accounts created.",
    columns=(
        Column(
            "email_domain",
            pl.String,
            "Domain of the e-mail address, lower case.",
            null="signed up without e-mail",
        ),
        Column(
            "email_hash",
            pl.String,
            "Keyed hash of the normalised e-mail address.",
            null="signed up without e-mail",
        ),
        Column("phone_hash", pl.String, "Keyed hash of the phone number.", null="none was given"),
        Column(
            "payment_hash",
            pl.String,
            "Keyed hash of the payment instrument.",
            null="none was given",
        ),
        Column("referrer_id", pl.String, "Account that invited it.", null="not invited"),
        Column("name_hash", pl.String, "Keyed hash of the display name.", null="none was given"),
    ),
)
