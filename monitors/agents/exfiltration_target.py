"""Monitor `agents/exfiltration_target`."""

from datetime import timedelta

import polars as pl

from monitors.activity import Activity
from monitors.agents._calls import KNOWN, SEND, to_new_targets
from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.harms import Harm

WINDOW = timedelta(days=3)
MEMBERS = 100
SENT = Activity(
    "tool_calls",
    by=("target", "account_id"),
    sums={"bytes_sent": pl.col("bytes_out").sum()},
    where=SEND,
)
CANARY = (
    Rows(
        "tool_calls",
        n=12,
        at=timedelta(days=-14),
        every=timedelta(days=1),
        values={"account_id": "canary", "target": "usual", "target_is_external": True},
    ),
    Rows(
        "tool_calls",
        n=5,
        every=timedelta(minutes=5),
        values={
            "session_id": "canary-{i}",
            "account_id": "canary-{i}",
            "action": "send",
            "target": "canary",
            "target_is_external": True,
            "source_is_untrusted": True,
            "bytes_out": 900,
        },
    ),
)


@monitor(
    product="agents",
    harm=Harm.PRIVACY_EXFILTRATION,
    entity="target",
    version=1,
    authors=("rkhan",),
    owner="agent-safety",
    threshold=3,
    near=2,
    window=WINDOW,
    cadence="hourly",
    severity=Severity.S0,
    action="block_target",
    runbook="docs/runbooks/exfiltration_target.md",
    canary=CANARY,
    activity=(SENT,),
    baseline=(KNOWN,),
)
def exfiltration_target(
    tool_calls_activity: pl.LazyFrame, tool_calls_baseline: pl.LazyFrame, period: pl.LazyFrame
) -> pl.LazyFrame:
    """The agents of several accounts, led by untrusted content, send to one target nobody knew.

    Counts the accounts whose agents sent something, without a person's approval and under the
    influence of untrusted content, to a target outside their organisation in the three days up to
    the end of an hour in which one did; only targets that no account had called a week before.
    Null while the product was watched for less than ten days. The finding is about the target;
    `members` are the accounts whose data went there.

    Threshold: In the last week of the two development worlds no other target is sent to by more
    than one account that way. Of those that are flagged, the loud campaigns' receive from 17 and 20
    accounts, the evasive ones' from 9 to 16, the slow ones' from 3 to 4; half of the slow ones'
    targets receive from fewer.

    Misses: One victim per target, data put into the address of a page that is only read (see
    `agents/injection_exfiltration`), and targets that people used before.

    False alarms: A service that becomes popular within days, while an untrusted page is open in
    several accounts; a mailing list that all guests of an event write to.
    """
    hour, start, end = pl.col("hour"), pl.col("start"), pl.col("end")
    sent = to_new_targets(tool_calls_activity, tool_calls_baseline, time="hour")
    held = sent.join(period, how="cross").filter(hour >= end - WINDOW, hour < end)
    accounts = pl.col("account_id").drop_nulls().unique()
    return (
        held.group_by("target", "start", "end")
        .agg(
            score=pl.when(pl.col("learned").all()).then(accounts.len()).cast(pl.Float64),
            members=accounts.sort().head(MEMBERS),
            calls=pl.col("events").sum(),
            bytes_sent=pl.col("bytes_sent").sum(),
            first_hour=hour.min(),
            now=(hour >= start).any(),
        )
        .filter("now")
        .select(
            *("target", "score", "members", "calls", "bytes_sent", "first_hour"),
            window_start=end - WINDOW,
            window_end="end",
        )
    )
