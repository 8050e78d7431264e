"""Event contract `messages`: messages from one account to another."""

import polars as pl

from monitors.columns import Column, Contract

CONTRACT = Contract(
    name="messages",
    doc="Messages from one account to another.",
    columns=(
        Column("recipient_id", pl.String, "Account, or group, that received it."),
        Column(
            "recipient_is_contact",
            pl.Boolean,
            "Whether they knew each other.",
            null="not known",
        ),
        Column(
            "sender_age_days",
            pl.Float64,
            "Age of the sending account.",
            unit="days",
            null="not known",
            minimum=0,
        ),
        Column("delivered", pl.Boolean, "Whether it was delivered.", null="not logged"),
        Column("reported", pl.Boolean, "Whether the recipient reported it.", null="not logged"),
        Column("text_hash", pl.String, "Hash of the normalised text.", null="no text"),
        Column("link_domain", pl.String, "Domain of the first link.", null="no link"),
        Column(
            "score_spam",
            pl.Float64,
            "Probability of spam.",
            unit="probability",
            null="not scored",
            minimum=0,
            maximum=1,
        ),
        Column(
            "score_harassment",
            pl.Float64,
            "Probability of harassment.",
            unit="probability",
            null="not scored",
            minimum=0,
            maximum=1,
        ),
    ),
    text=(Column("text", pl.String, "What the person wrote.", null="not kept"),),
)
