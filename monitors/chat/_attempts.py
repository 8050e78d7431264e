"""What the chat monitors take for an attempt to break the model's rules."""

import polars as pl

LIKELY = 0.5
TEMPLATE_CHARACTERS = 200  # 96 % of the public sample's jailbreak prompts are at least as long

# A prompt that no classifier scored counts when it is as long as those that people hand around.
ATTEMPT = (pl.col("score_jailbreak") >= LIKELY) | (
    pl.col("score_jailbreak").is_null() & (pl.col("characters") >= TEMPLATE_CHARACTERS)
)
