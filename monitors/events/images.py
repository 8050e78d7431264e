"""Event contract `images`: images generated or edited."""

import polars as pl

from monitors.columns import Column, Contract

CONTRACT = Contract(
    name="images",
    doc="Images generated or edited.",
    columns=(
        Column("operation", pl.String, "generate, edit, upscale or upload."),
        Column("model", pl.String, "Model used.", null="not logged"),
        Column("refused", pl.Boolean, "Whether it was refused.", null="no judgement was made"),
        Column("prompt_hash", pl.String, "Hash of the normalised prompt.", null="no prompt"),
        Column("upload_hash", pl.String, "Hash of the image given.", null="none was given"),
        Column("output_hash", pl.String, "Perceptual hash of the result.", null="nothing was made"),
        Column(
            "matched_list",
            pl.String,
            "List of known material that a hash matched.",
            null="no match",
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
            "Probability of a minor being shown.",
            unit="probability",
            null="not scored",
            minimum=0,
            maximum=1,
        ),
        Column(
            "score_undress",
            pl.Float64,
            "Probability of an undressing edit.",
            unit="probability",
            null="not scored",
            minimum=0,
            maximum=1,
        ),
        Column(
            "score_likeness",
            pl.Float64,
            "Probability of a real person's likeness.",
            unit="probability",
            null="not scored",
            minimum=0,
            maximum=1,
        ),
        Column(
            "score_violence",
            pl.Float64,
            "Probability of violent extremism.",
            unit="probability",
            null="not scored",
            minimum=0,
            maximum=1,
        ),
        Column(
            "score_document",
            pl.Float64,
            "Probability of a forged document.",
            unit="probability",
            null="not scored",
            minimum=0,
            maximum=1,
        ),
    ),
    text=(Column("prompt", pl.String, "What the person asked for.", null="not kept"),),
)
