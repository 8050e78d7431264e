"""Event contract `live_sessions`: minutes of live sessions, with classifier scores."""

import polars as pl

from monitors.columns import Column, Contract

CONTRACT = Contract(
    name="live_sessions",
    doc="Minutes of live sessions, with the scores of upstream classifiers.",
    columns=(
        Column("session_id", pl.String, "Session."),
        Column("peer_id", pl.String, "The other participant.", null="a broadcast"),
        Column(
            "viewers",
            pl.Int64,
            "People present.",
            unit="people",
            null="not counted",
            minimum=0,
        ),
        Column(
            "reports",
            pl.Int64,
            "Reports in this minute.",
            unit="reports",
            null="not counted",
            minimum=0,
        ),
        Column("action", pl.String, "start, minute, end, contact_move or block.", null="minute"),
        Column(
            "score_harassment",
            pl.Float64,
            "Probability of harassment.",
            unit="probability",
            null="not scored",
            minimum=0,
            maximum=1,
        ),
        Column(
            "score_sexual",
            pl.Float64,
            "Probability of sexual content.",
            unit="probability",
            null="not scored",
            minimum=0,
            maximum=1,
        ),
        Column(
            "score_minor",
            pl.Float64,
            "Probability of a participant being a minor.",
            unit="probability",
            null="not scored",
            minimum=0,
            maximum=1,
        ),
    ),
)
