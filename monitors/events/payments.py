"""Event contract `payments`: attempts to pay, and refunds."""

import polars as pl

from monitors.columns import Column, Contract

CONTRACT = Contract(
    name="payments",
    doc="Attempts to pay, and refunds.",
    columns=(
        Column("amount_usd", pl.Float64, "Amount.", unit="USD", minimum=0),
        Column("succeeded", pl.Boolean, "Whether it was authorised."),
        Column(
            "decline",
            pl.String,
            "Why it was declined.",
            null="it was authorised, or not logged",
        ),
        Column(
            "kind",
            pl.String,
            "charge, verification, refund, chargeback or transfer.",
            null="charge",
        ),
        Column("card_bin", pl.String, "First six digits of the card.", null="not a card"),
        Column("payment_hash", pl.String, "Keyed hash of the instrument.", null="not known"),
        Column("recipient_id", pl.String, "Account paid.", null="paid to the product"),
    ),
)
