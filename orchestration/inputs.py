"""The tables that a monitor reads in one span, from the lake."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl
from upath import UPath

from monitors.activity import Activity, Baseline, baseline, daily, hourly
from monitors.contract import Monitor
from monitors.evaluate import Span
from monitors.registry import Table, contract_of
from monitors.trial import activity_of, baseline_of, period
from orchestration.lake import Lake, Piece
from orchestration.partitions import DAY, HOUR, day_of, starts

EVENTS, TEXT = "events", "text"
ACTIVITY, DAILY, BASELINE = "activity", "activity_daily", "baseline"
PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class Source:
    """The files of a raw table that hold a span, for an engine that reads files itself."""

    pieces: tuple[Piece, ...]
    schema: pl.Schema
    span: Span


@dataclass(frozen=True, slots=True)
class Inputs:
    """Where the tables of one product come from. `platform` reads every product."""

    lake: Lake
    product: str

    def products(self, contract: str) -> list[str]:
        """Products whose events of one contract are read."""
        if self.product != PLATFORM:
            return [self.product]
        return self.lake.products(f"{EVENTS}/{contract}")

    def tables(self, monitor: Monitor, span: Span) -> dict[str, pl.LazyFrame]:
        """Every table that the monitor names, by its name."""
        return {name: self.table(monitor, name, span) for name in monitor.reads}

    def table(self, monitor: Monitor, name: str, span: Span) -> pl.LazyFrame:
        """One table: events and text from a window before the span, the rest as design §3 says."""
        wanted = Table.parse(name)
        if wanted.kind == "period":
            return period(span, monitor.every)
        if wanted.kind == "activity":
            activity = activity_of(monitor, wanted.contract)
            return self.activity(activity, Span(span.end - monitor.window, span.end))
        if wanted.kind == "baseline":
            return self.baseline(baseline_of(monitor, wanted.contract), day_of(span.start))
        return self.events(wanted, self.raw(monitor, span))

    def events(self, wanted: Table, span: Span) -> pl.LazyFrame:
        """Events, or restricted text, of one contract."""
        contract = contract_of(wanted.contract)
        schema = contract.text_schema if wanted.kind == "text" else contract.schema
        table = f"{TEXT if wanted.kind == 'text' else EVENTS}/{contract.name}"
        return self.lake.scan(table, self.products(contract.name), span, schema=schema)

    def source(self, wanted: Table, span: Span) -> Source:
        """The files behind `events`."""
        contract = contract_of(wanted.contract)
        text = wanted.kind == "text"
        table = f"{TEXT if text else EVENTS}/{contract.name}"
        pieces = tuple(self.lake.pieces(table, self.products(contract.name), span))
        return Source(pieces, contract.text_schema if text else contract.schema, span)

    @staticmethod
    def raw(monitor: Monitor, span: Span) -> Span:
        """Span of the raw events that an evaluation of `span` rests on."""
        return Span(span.start - monitor.window, span.end)

    def activity(self, activity: Activity, span: Span) -> pl.LazyFrame:
        """Hourly rows of the span; whole days inside it as one row each, unless `hourly`.

        An hour without an activity file is aggregated from its events, a day without a roll-up
        from its hours: files make this faster, never different.
        """
        frames: list[pl.LazyFrame] = []
        for product in self.products(activity.contract):
            for day in starts(Span(day_of(span.start), span.end), "1d"):
                part = Span(max(span.start, day), min(span.end, day + DAY))
                if activity.hourly or part != Span(day, day + DAY):
                    frames.append(self._hours(activity, product, part))
                    continue
                rolled = self.lake.day_path(f"{DAILY}/{activity.name}", product, day)
                if _holds(rolled, activity.sums):
                    frames.append(_scan([str(rolled)]))
                else:
                    frames.append(daily(activity, self._hours(activity, product, part)))
        if not frames:
            contract = contract_of(activity.contract)
            frames.append(hourly(activity, pl.LazyFrame(schema=contract.schema)))
        wanted = _columns(activity)
        return pl.concat([frame.select(wanted) for frame in frames], how="vertical_relaxed")

    def _hours(self, activity: Activity, product: str, span: Span) -> pl.LazyFrame:
        hours = list(starts(span, "1h"))
        whole = {h for h in hours if h >= span.start and h + HOUR <= span.end}
        wanted = _columns(activity)
        frames: list[pl.LazyFrame] = []
        files: list[str] = []
        made: set[datetime] = set()
        for piece in self.lake.pieces(f"{ACTIVITY}/{activity.name}", [product], span):
            held = {hour for hour in piece.starts if hour in whole}
            if not held or not _holds(piece.path, activity.sums):
                continue
            made |= held
            if len(held) == len(piece.starts) and piece.hours is None:
                files.append(str(piece.path))
            else:
                rows = _scan([str(piece.path)]).filter(pl.col("hour").is_in(sorted(held)))
                frames.append(rows.select(wanted))
        if files:
            frames.append(_scan(files).select(wanted))
        missing = [hour for hour in hours if hour not in made]
        if missing:
            contract = contract_of(activity.contract)
            rows = self.lake.scan(
                f"{EVENTS}/{contract.name}",
                [product],
                Span(max(missing[0], span.start), min(missing[-1] + HOUR, span.end)),
                schema=contract.schema,
            )
            at = pl.col("occurred_at").dt.truncate("1h")
            inside = rows.filter(at.is_in(missing)) if made else rows
            made_now = hourly(activity, inside).collect(engine="streaming")
            frames.append(made_now.lazy().select(wanted))
        return pl.concat(frames, how="vertical_relaxed")

    def baseline(self, declared: Baseline, day: datetime) -> pl.LazyFrame:
        """The baseline known before `day`: its file, or the same computed from activity."""
        products = self.products(declared.activity.contract)
        wanted = _baseline_columns(declared)
        frames = []
        for product in products or [self.product]:
            made = self.lake.day_path(f"{BASELINE}/{declared.name}", product, day)
            if _holds(made, wanted):
                frames.append(_scan([str(made)]).select(wanted))
            else:
                fresh = Inputs(self.lake, product).fresh_baseline(declared, day)
                frames.append(fresh.select(wanted))
        return pl.concat(frames, how="vertical_relaxed")

    def fresh_baseline(self, declared: Baseline, day: datetime) -> pl.LazyFrame:
        """Baseline computed from the activity of the days before `day`."""
        activity = declared.activity
        by_hour = Activity(
            activity.contract,
            activity.by,
            activity.sums,
            activity.where,
            hourly=declared.season != "day",
        )
        span = Span(day - timedelta(days=declared.days), day)
        made_now = baseline(declared, self.activity(by_hour, span), day=day)
        return made_now.collect(engine="streaming").lazy()


def roll_up(lake: Lake, activity: Activity, product: str, day: datetime) -> pl.LazyFrame:
    """One day of activity as one row per key, from its hours."""
    hours = Activity(activity.contract, activity.by, activity.sums, activity.where, hourly=True)
    return daily(activity, Inputs(lake, product).activity(hours, Span(day, day + DAY)))


def _columns(activity: Activity) -> list[str]:
    return ["hour", "hours", *activity.keys, "events", *activity.sums]


def _baseline_columns(declared: Baseline) -> list[str]:
    keys = declared.activity.keys
    season = [] if declared.season == "day" else [declared.season]
    sums = ["events", *declared.activity.sums]
    spread = [f"{name}_{part}" for part in ("median", "mad") for name in sums]
    return [*keys, *season, *spread, "periods", "first_seen", "last_seen"]


def _scan(files: list[str]) -> pl.LazyFrame:
    """Files of one table that all hold the columns wanted, whatever else some of them hold."""
    return pl.scan_parquet(
        files, hive_partitioning=False, missing_columns="insert", extra_columns="ignore"
    )


def _holds(path: UPath, columns: Iterable[str]) -> bool:
    """Whether the file is there with these columns; one made before a sum was declared is not."""
    return path.exists() and set(columns) <= set(pl.read_parquet_schema(str(path)))
