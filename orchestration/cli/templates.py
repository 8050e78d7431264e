"""Texts of a new monitor, its test and its runbook, before their names are filled in."""

PYTHON = '''"""Monitor `{id}`."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.detectors.sliding_count import sliding_count
from monitors.harms import Harm

WINDOW = timedelta(hours=1)
CANARY = Rows(
    "{contract}",
    n=120,
    every=timedelta(seconds=20),
    values={values},
)


@monitor(
    product="{product}",
    harm=Harm.{harm_name},
    entity="{entity}",
    version=1,
    authors=("{author}",),
    owner="{product}-protection",
    threshold=100,
    near=80,
    window=WINDOW,
    cadence="hourly",
    severity=Severity.S3,
    action="review",
    runbook="docs/runbooks/{name}.md",
    canary=(CANARY,),
)
def {name}({contract}: pl.LazyFrame) -> pl.LazyFrame:
    """An account has a hundred {contract} in an hour.

    Counts the events of an account in the fullest hour that ends in a calendar hour.

    Threshold: Invented; sweep it over your own days with `watchfloor backtest --sweep`.

    Misses: Accounts that stay under the threshold, and one actor with many accounts.

    False alarms: Scripts and services with a right to be fast.
    """
    return sliding_count({contract}, entity="{entity}", window=WINDOW, event_id="event_id")
'''

SQL = """/*
product = "{product}"
harm = "{harm}"
entity = "{entity}"
version = 1
authors = ["{author}"]
owner = "{product}-protection"
threshold = 100
near = 80
window = "1h"
cadence = "hourly"
severity = "S3"
action = "review"
runbook = "docs/runbooks/{name}.md"
reads = ["{contract}"]
doc = '''
An account has a hundred {contract} in an hour.

Counts the events of an account in a calendar hour.

Threshold: Invented; sweep it over your own days with `watchfloor backtest --sweep`.

Misses: Accounts that stay under the threshold, and one actor with many accounts.

False alarms: Scripts and services with a right to be fast.
'''

[[canary]]
contract = "{contract}"
n = 120
every = "20s"
values = {toml}
*/
select
    {entity},
    count(*)::double as score,
    date_trunc('hour', occurred_at) as window_start,
    date_trunc('hour', occurred_at) + interval 1 hour as window_end,
    min(event_id) as event_id
from {contract}
where {entity} is not null
group by all
"""

TEST = """from datetime import timedelta

from tests.monitors.rows import at, many, scored

DIGESTS = {{1: "{digest}"}}
EVENT: dict[str, object] = {someone}


def score(n: int) -> dict[str, tuple[float | None, str]]:
    rows = many(n, at("10:00"), timedelta(seconds=20), **EVENT)
    return scored("{id}", "{contract}", rows)


def test_fires_at_a_hundred_events_within_an_hour() -> None:
    assert score(100) == {{"someone": (100.0, "flagged")}}


def test_nearly_fires_at_ninety_nine() -> None:
    assert score(99) == {{"someone": (99.0, "near")}}


def test_stays_quiet_at_ten() -> None:
    assert score(10) == {{"someone": (10.0, "bulk")}}
"""

RUNBOOK = """# {title}

Monitor `{id}`.

## What it means

An account had a hundred {contract} in an hour. Say here what harm that does, and to whom.

## First three queries

```sql
-- Who it is, and how far over the threshold
select entity, max(score) as score, count(*) as findings
from findings where monitor = '{name}' group by all order by score desc limit 20;

-- What the account did
select occurred_at, * exclude (occurred_at, extra)
from {contract} where {entity} = 'the account' order by occurred_at desc limit 100;

-- Who else comes from the same addresses
select ip, count(distinct {entity}) as accounts, count(*) as events
from {contract} where ip in (select ip from {contract} where {entity} = 'the account')
group by all order by accounts desc;
```

## False alarms

Scripts and services with a right to be fast. Say how to tell them apart.

## Who decides

The team {product}-protection.
"""

ADVICE = """
It loads and finds its canary as it is. Edit now:
  1. {source}: what it scores, harm, owner, authors, severity, action, its text
  2. the test: what must fire, what must not, what nearly does
  3. the runbook: what a finding means, and who decides
  4. the threshold, from your own days:
       watchfloor backtest {id} --from DATE --to DATE --sweep
  5. DIGESTS in the test, after each change of what it decides:
       watchfloor monitors digest {id}
  6. docs/monitors/{product}.md, a row of its table (copy another page for a new product):
       {row}
Run its test: pytest tests/monitors/{product}/test_{name}.py"""

ROW = (
    "| [`{id}`](../runbooks/{name}.md) | An account has a hundred {contract} in an hour "
    "| `{entity}` | 100 | hourly | S3 | {language} | `{harm}` |"
)
