"""Event contract `uploads`: files uploaded."""

import polars as pl

from monitors.columns import Column, Contract

CONTRACT = Contract(
    name="uploads",
    doc="Files uploaded.",
    columns=(
        Column("file_hash", pl.String, "SHA-256 of the file."),
        Column(
            "file_type",
            pl.String,
            "Media type found by looking into it.",
            null="not recognised",
        ),
        Column(
            "size_bytes",
            pl.Int64,
            "Size of the file.",
            unit="bytes",
            null="not logged",
            minimum=0,
        ),
        Column("verdict", pl.String, "Verdict of the malware scanner.", null="not scanned"),
        Column(
            "hidden_text_ratio",
            pl.Float64,
            "Share of text that a reader cannot see.",
            unit="share",
            null="not computed",
            minimum=0,
            maximum=1,
        ),
        Column(
            "matched_list",
            pl.String,
            "List of known material that the hash matched.",
            null="no match",
        ),
        Column(
            "shared_with",
            pl.Int64,
            "Accounts it was shared with.",
            unit="accounts",
            null="not shared",
            minimum=0,
        ),
    ),
)
