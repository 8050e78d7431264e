"""Event contract `volumes`: counts that another system publishes, such as notices a day."""

import polars as pl

from monitors.columns import Column, Contract

CONTRACT = Contract(
    name="volumes",
    doc="Counts that another system publishes, such as takedown notices a day.",
    columns=(
        Column("metric", pl.String, "What is counted."),
        Column("value", pl.Float64, "The count."),
        Column(
            "bucket_seconds",
            pl.Int64,
            "Length of the span that it counts.",
            unit="seconds",
            minimum=1,
        ),
    ),
)
