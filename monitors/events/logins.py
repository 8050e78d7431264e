"""Event contract `logins`: attempts to sign in, successful or not."""

import polars as pl

from monitors.columns import Column, Contract

CONTRACT = Contract(
    name="logins",
    doc="Attempts to sign in, successful or not.",
    columns=(
        Column("succeeded", pl.Boolean, "Whether the sign-in succeeded."),
        Column("method", pl.String, "How: password, passkey, sso, oauth, code.", null="not logged"),
        Column(
            "failure",
            pl.String,
            "Why it failed: bad_password, unknown_account, mfa, blocked.",
            null="it succeeded, or not logged",
        ),
        Column("mfa", pl.Boolean, "Whether a second factor was given.", null="not logged"),
        Column(
            "new_device",
            pl.Boolean,
            "Whether the device was new to the account.",
            null="not logged",
        ),
    ),
)
