"""Event contract `tool_calls`: calls of tools by an agent."""

import polars as pl

from monitors.columns import Column, Contract

CONTRACT = Contract(
    name="tool_calls",
    doc="Calls of tools by an agent.",
    columns=(
        Column("session_id", pl.String, "Agent session."),
        Column("tool", pl.String, "Tool that was called."),
        Column(
            "action",
            pl.String,
            "read, write, send, pay, execute or browse.",
            null="not classified",
        ),
        Column(
            "target",
            pl.String,
            "Host, path or recipient, hashed where private.",
            null="the tool has no target",
        ),
        Column(
            "target_is_external",
            pl.Boolean,
            "Whether the target is outside the customer's organisation.",
            null="not known",
        ),
        Column(
            "source_is_untrusted",
            pl.Boolean,
            "Whether the call follows content from outside.",
            null="not known",
        ),
        Column(
            "approved_by_human",
            pl.Boolean,
            "Whether a person approved the call.",
            null="not asked",
        ),
        Column("succeeded", pl.Boolean, "Whether it succeeded.", null="not logged"),
        Column(
            "bytes_out",
            pl.Int64,
            "Data that left.",
            unit="bytes",
            null="not logged",
            minimum=0,
        ),
        Column(
            "cost_usd",
            pl.Float64,
            "Cost of the call.",
            unit="USD",
            null="not metered",
            minimum=0,
        ),
    ),
)
