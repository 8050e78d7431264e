"""Event contract `api_requests`: requests to an API or a site."""

import polars as pl

from monitors.columns import Column, Contract

CONTRACT = Contract(
    name="api_requests",
    doc="Requests to an API or a site.",
    columns=(
        Column("key_id", pl.String, "API key or credential used.", null="none was used"),
        Column("operation", pl.String, "Operation or method, such as GET or CreateUser."),
        Column(
            "path",
            pl.String,
            "Path asked for, without its query.",
            null="the API has no paths",
        ),
        Column(
            "status",
            pl.Int64,
            "HTTP status or its nearest equivalent.",
            null="not logged",
            minimum=100,
            maximum=599,
        ),
        Column("error", pl.String, "Error code that the service gave.", null="no error"),
        Column(
            "bytes_out",
            pl.Int64,
            "Size of the response.",
            unit="bytes",
            null="not logged",
            minimum=0,
        ),
        Column(
            "tokens_in",
            pl.Int64,
            "Tokens of the prompt.",
            unit="tokens",
            null="not a model request",
            minimum=0,
        ),
        Column(
            "tokens_out",
            pl.Int64,
            "Tokens of the answer.",
            unit="tokens",
            null="not a model request",
            minimum=0,
        ),
        Column(
            "cost_usd",
            pl.Float64,
            "Cost of the request to its payer.",
            unit="USD",
            null="not metered",
            minimum=0,
        ),
        Column("end_user_id", pl.String, "User on whose behalf the caller acts.", null="not sent"),
        Column("template_hash", pl.String, "Hash of the prompt's template.", null="not computed"),
        Column("referer", pl.String, "Host of the page that linked here.", null="none was sent"),
    ),
)
