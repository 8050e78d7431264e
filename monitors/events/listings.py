"""Event contract `listings`: listings on a marketplace: created, changed, installed, rated."""

import polars as pl

from monitors.columns import Column, Contract

CONTRACT = Contract(
    name="listings",
    doc="Listings on a marketplace: created, changed, installed, rated.",
    columns=(
        Column("listing_id", pl.String, "Listing."),
        Column("action", pl.String, "create, change, install, rate or remove."),
        Column("publisher_name", pl.String, "Public name of the publisher.", null="not shown"),
        Column("title_hash", pl.String, "Hash of the title.", null="not computed"),
        Column("config_hash", pl.String, "Hash of the configuration.", null="not computed"),
        Column("action_domain", pl.String, "Domain that the listing calls.", null="calls none"),
        Column(
            "rating",
            pl.Float64,
            "Stars given.",
            unit="stars",
            null="not a rating",
            minimum=0,
            maximum=5,
        ),
        Column(
            "score_policy",
            pl.Float64,
            "Probability of a policy violation.",
            unit="probability",
            null="not scored",
            minimum=0,
            maximum=1,
        ),
    ),
)
