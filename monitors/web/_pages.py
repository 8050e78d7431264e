"""What the web monitors count as pages, and whom they take for an open robot."""

import polars as pl

# What a browser loads by itself to show a page, which says nothing about pages read.
ASSETS = r"(?i)\.(?:css|js|png|jpe?g|gif|ico|svg|woff2?|ttf|swf)$"
# A crawler that declares itself gives a name, a page or an address to write to.
DECLARED = r"(?i)bot|crawl|spider|slurp|feed|reader|https?://|@"

IS_ASSET = pl.col("path").str.contains(ASSETS)
IS_BROWSER = pl.col("user_agent").str.contains(r"^(?:Mozilla|Opera)/").fill_null(value=False)
IS_DECLARED = pl.col("user_agent").str.contains(DECLARED).fill_null(value=False)
