"""What the monitors say about real logs: the tables of docs/findings, counted anew."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from monitors.contract import Monitor
from monitors.evaluate import COUNTS, FLAGGED, NEAR, NULL, Span
from monitors.registry import Table, registry
from orchestration.backtest import run
from orchestration.lake import Lake
from orchestration.partitions import DAY, day_of
from tests.support.samples import AUTH_LOG, ROOT, SAMPLES, events, take

PAGES = ROOT / "docs/findings"
Row = tuple[int, int, int, int, int]


@dataclass(frozen=True)
class Log:
    """A log, its mappings, and the days of the original that the page's table counts."""

    page: str
    mappings: tuple[str, ...]
    file: Path | None = None
    days: tuple[datetime, datetime] | None = None


HALF_YEAR = (datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 7, 1, tzinfo=UTC))
FORTNIGHT = (datetime(2019, 5, 1, tzinfo=UTC), datetime(2019, 5, 15, tzinfo=UTC))
CLOUD = ("cloudtrail", "cloudtrail_logins", "cloudtrail_signups", "cloudtrail_account_changes")
LOGS = [
    Log("web_access_log", ("web_access_log",)),
    Log("cloudtrail", CLOUD),
    Log("jailbreak_prompts", ("jailbreak_prompts",)),
    Log("dmca_daily", ("dmca_daily",), days=HALF_YEAR),
    Log("transfer_rings", ("transfer_rings",), SAMPLES / "transfer_rings.csv.gz", FORTNIGHT),
    Log("linux_auth_log", ("linux_auth_log", "linux_ftp_log"), AUTH_LOG),
]


@pytest.fixture(params=LOGS, ids=lambda log: log.page)
def log(request: pytest.FixtureRequest) -> Log:
    found: Log = request.param
    if found.file == AUTH_LOG and not AUTH_LOG.exists():
        pytest.skip("the licence of this log keeps it out of here")
    return found


@pytest.mark.timeout(900)
def test_the_page_s_table_is_what_the_monitors_say(log: Log, tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    files = (log.file,) if log.file else ()
    sources = [take(lake, name, *files) for name in log.mappings]
    targets = [(source.product, source.contract) for source in sources]
    span = evaluated(lake, log, targets)
    assert written(log.page) == {
        monitor.id: row
        for monitor in registry().monitors.values()
        if reads(monitor, targets) and any(row := counted(lake, monitor, span))
    }


def reads(monitor: Monitor, targets: list[tuple[str, str]]) -> bool:
    """Whether a monitor reads events of the log."""
    contracts = {Table.parse(name).contract for name in monitor.reads}
    return any(
        contract in contracts and monitor.product in (product, "platform")
        for product, contract in targets
    )


def evaluated(lake: Lake, log: Log, targets: list[tuple[str, str]]) -> Span:
    """Whole days, as they are in the lake, that hold the log or the days it asks for."""
    times = pl.concat(
        events(lake, *target).select("occurred_at", "source_occurred_at") for target in targets
    )
    time = times["occurred_at"]
    first, last = time.min(), time.max()
    shift = (time - times["source_occurred_at"]).max() or timedelta(0)
    assert isinstance(first, datetime)
    assert isinstance(last, datetime)
    if log.days is not None:
        assert isinstance(shift, timedelta)
        return Span(log.days[0] + shift, log.days[1] + shift)
    return Span(day_of(first), day_of(last) + DAY)


def counted(lake: Lake, monitor: Monitor, span: Span) -> Row:
    """Windows scored, flagged, entities among these, near misses, and without enough to tell."""
    found = run(lake, monitor, span)
    assert found.counts.schema == COUNTS
    n = dict(found.counts.group_by("stratum").agg(pl.col("n").sum()).iter_rows())
    scored = sum(n.values()) - n.get(NULL, 0)
    entities = found.findings["entity"].n_unique()
    return scored, n.get(FLAGGED, 0), entities, n.get(NEAR, 0), n.get(NULL, 0)


def written(page: str) -> dict[str, Row]:
    """The table of monitors on a page."""
    lines = (PAGES / f"{page}.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]
    found = {}
    for name, *cells in (row for row in rows if row[0] in registry().monitors):
        scored, flagged, entities, near, null = (int(cell.replace(",", "")) for cell in cells)
        found[name] = (scored, flagged, entities, near, null)
    return found
