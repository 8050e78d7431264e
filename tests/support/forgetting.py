"""A lake in which somebody stands in every table, and what can be read in its files."""

from datetime import timedelta
from pathlib import Path

import polars as pl

from monitors.activity import Activity
from monitors.contract import Monitor
from monitors.registry import Registry
from orchestration.evaluation import Run, evaluate_span
from orchestration.lake import Lake
from orchestration.upkeep import build_activity, build_baseline, build_daily, compact
from tests.support.lakes import Row, at, put, span
from tests.support.monitors import BY_ACCOUNT, USUAL, declare, failed_logins

ANN, BOB = "ann-4711", "bob-0815"
MINUTE = timedelta(minutes=1)
NOW = at("2026-03-05")


@declare(entity="ip", near=0.0)
def failures_by_address(logins: pl.LazyFrame) -> pl.LazyFrame:
    """Failed sign-ins of an address, with one of its accounts as evidence."""
    start = pl.col("occurred_at").dt.truncate("1h")
    return (
        logins.group_by("ip", window_start=start)
        .agg(score=pl.len().cast(pl.Float64), account=pl.col("account_id").sort().first())
        .with_columns(window_end=pl.col("window_start").dt.offset_by("1h"))
    )


MONITORS: tuple[Monitor, ...] = (failed_logins, failures_by_address)
REGISTRY = Registry({monitor.id: monitor for monitor in MONITORS}, {})


def failures(account: str, start: str, n: int) -> list[Row]:
    """Failed sign-ins, a minute apart, from an address of the account's own."""
    return [
        {
            "account_id": account,
            "ip": "192.0.2.7" if account == ANN else "192.0.2.8",
            "occurred_at": at(start) + i * MINUTE,
            "succeeded": False,
        }
        for i in range(n)
    ]


def crowded(root: Path) -> Lake:
    """Ann and Bob sign in, write to each other, and are found; one day is compacted."""
    lake = Lake(str(root))
    rows = [
        *failures(ANN, "2026-03-02T10:00", 4),
        *failures(BOB, "2026-03-02T10:20", 5),
        *failures(ANN, "2026-03-03T11:00", 3),
        *failures(BOB, "2026-03-03T23:30", 2),
    ]
    put(lake, "accounts", "logins", rows)
    messages = [_message(ANN, BOB, 0, "hello"), _message(BOB, ANN, 1, "go away")]
    put(lake, "chat", "messages", [*messages, _message(BOB, "eve-1", 2, "hello you")])
    compact(lake, "logins", "accounts", at("2026-03-02"))
    days = span("2026-03-02", "2026-03-04")
    by_address = Activity("logins", by=("ip",))
    for activity in (BY_ACCOUNT, by_address):
        build_activity(lake, activity, "accounts", days)
        build_daily(lake, activity, "accounts", at("2026-03-02"))
    build_baseline(lake, USUAL, "accounts", at("2026-03-04"))
    for monitor in MONITORS:
        evaluate_span(Run(lake, NOW, intent="live", rate=1.0), monitor, days)
    originals = [f'{{"user": "{ANN}", "at": "?"}}', f"GET /users/{ANN}/x", f"GET /{ANN}2", BOB]
    set_aside = pl.DataFrame({"reason": "no time", "original": originals})
    lake.replace(lake.path("quarantine/logins", "accounts", NOW, "f.parquet"), set_aside)
    return lake


def _message(sender: str, recipient: str, minute: int, text: str) -> Row:
    return {
        "account_id": sender,
        "recipient_id": recipient,
        "occurred_at": at("2026-03-02T10:00") + minute * MINUTE,
        "text": text,
        "extra": f'{{"replied_to":"{recipient}","seen_by":["x","{ANN}"]}}' if minute == 2 else None,
    }


def read(lake: Lake) -> dict[str, pl.DataFrame]:
    """Every Parquet file of the lake by its path, as its rows."""
    root = Path(lake.root)
    return {
        str(path.relative_to(root)): pl.read_parquet(path, hive_partitioning=False)
        for path in sorted(root.rglob("*.parquet"))
    }


def texts(root: Path) -> dict[str, str]:
    """Everything that can be read below a folder: rows of Parquet as JSON, other files as bytes."""
    return {
        str(path.relative_to(root)): pl.read_parquet(path, hive_partitioning=False).write_ndjson()
        if path.suffix == ".parquet"
        else path.read_bytes().decode("latin-1")
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def naming(root: Path, entity: str) -> list[str]:
    """Files below a folder in which an id can be read, also as bytes of the file itself."""
    found = [path for path, text in texts(root).items() if entity in text.replace("\\/", "/")]
    raw = [
        str(path.relative_to(root))
        for path in sorted(root.rglob("*"))
        if path.is_file() and entity.encode() in path.read_bytes()
    ]
    return sorted({*found, *raw})
