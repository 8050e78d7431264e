"""Lines that a regular expression takes apart; web servers' access logs among them."""

import polars as pl

from orchestration.ingest.batch import RAW, Batch, Faults, text_records
from orchestration.ingest.lines import NO_TEXT, TOO_LONG, Block, is_text
from orchestration.ingest.source import Source

# Apache's common and combined formats. The last quote may be missing: some servers cut long
# agents. https://httpd.apache.org/docs/current/logs.html#accesslog
ACCESS = (
    r"^(?P<ip>\S+) (?P<ident>\S+) (?P<user>.*?) \[(?P<occurred_at>[^\]]+)\] "
    r'"(?P<request>(?:[^"\\]|\\.)*)" (?P<status>\d{3}|-) (?P<bytes_out>\d+|-)'
    r'(?: "(?P<referer>(?:[^"\\]|\\.)*)" "(?P<user_agent>(?:[^"\\]|\\.)*)"?)?'
)
ACCESS_TIME = "%d/%b/%Y:%H:%M:%S %z"
REQUEST = r"^(?P<method>[A-Z]{2,20}) (?P<path>[^?# ]*)(?:\?(?P<query>\S*))?(?: (?P<protocol>\S+))?$"
HOST = r"^[a-zA-Z]+://([^/?#]+)"
NO_METHOD = "MALFORMED"


def pattern_batch(block: Block, source: Source) -> Batch:
    """Named groups of the source's pattern as columns. Lines it does not match are no rows."""
    return _matched(block, source.pattern or "", skip=source.unmatched == "skip")


def access_log_batch(block: Block, source: Source) -> Batch:
    """Columns of an access log: ip, ident, user, occurred_at, request, method, path, query,
    protocol, status, bytes_out, referer, referer_host, user_agent.

    A dash means none. `method` is MALFORMED where the request line is none: a probe, often.
    """  # noqa: D205 - the columns are the sentence
    batch = _matched(block, ACCESS, skip=source.unmatched == "skip")
    records = batch.records.with_columns(
        pl.when(pl.col(name) != "-").then(pl.col(name)) for name in batch.columns
    )
    parts = records.with_columns(pl.col("request").str.extract_groups(REQUEST).struct.unnest())
    columns = parts.with_columns(
        method=pl.col("method").fill_null(NO_METHOD),
        referer_host=pl.col("referer").str.extract(HOST).str.to_lowercase(),
    )
    return Batch(columns, batch.broken, batch.skipped)


def _matched(block: Block, pattern: str, *, skip: bool) -> Batch:
    faults = Faults()
    rows: list[int] = []
    raws: list[str] = []
    for number, line in enumerate(block.lines, start=block.first):
        if number in block.long:
            faults.add(number, TOO_LONG, line)
        elif block.suspect and not is_text(line):
            faults.add(number, NO_TEXT, line)
        elif line and not line.isspace():
            rows.append(number)
            raws.append(line)
    lines = text_records(rows, raws, {})
    groups = pl.col(RAW).str.extract_groups(pattern).struct.unnest()
    matched = pl.col(RAW).str.contains(pattern)
    found = lines.filter(matched).with_columns(groups)
    others = lines.filter(~matched)
    if skip:
        return Batch(found, faults.frame(), others.height)
    for row, raw in others.iter_rows():
        faults.add(row, "does not match the pattern", raw)
    return Batch(found, faults.frame())
