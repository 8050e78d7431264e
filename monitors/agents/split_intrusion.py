"""Monitor `agents/split_intrusion`."""

from datetime import timedelta

import polars as pl

from monitors.activity import Activity
from monitors.agents._calls import BREAK_IN
from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.harms import Harm

WINDOW = timedelta(days=3)
MEMBERS = 100
COMMANDS = Activity("tool_calls", by=("target", "account_id"), where=BREAK_IN)
CANARY = Rows(
    "tool_calls",
    n=6,
    every=timedelta(minutes=5),
    values={
        "session_id": "canary-{i}",
        "account_id": "canary-{i}",
        "action": "execute",
        "target": "canary",
        "target_is_external": True,
    },
)


@monitor(
    product="agents",
    harm=Harm.CYBER,
    entity="target",
    version=1,
    authors=("asato",),
    owner="agent-safety",
    threshold=5,
    near=3,
    window=WINDOW,
    cadence="hourly",
    severity=Severity.S0,
    action="block_target",
    runbook="docs/runbooks/split_intrusion.md",
    canary=(CANARY,),
    activity=(COMMANDS,),
)
def split_intrusion(tool_calls_activity: pl.LazyFrame, period: pl.LazyFrame) -> pl.LazyFrame:
    """An attack on one target is divided among many accounts, each of which does little.

    Counts the accounts whose agents executed commands on a target outside their organisation,
    without a person's approval, in the three days up to the end of an hour in which one did. The
    finding is about the target under attack; `members` are the accounts to act on.

    Threshold: In three weeks of the two development worlds no other account executes anything on a
    target outside. The loud campaigns come at a target from up to 3 accounts, the slow ones from up
    to 5, the evasive ones from 12 to 24 in three days.

    Misses: Attacks from one account (see `agents/agent_intrusion`), and attackers who give every
    account targets of its own.

    False alarms: A training range or a public test host that a course uses, a cloud provider's
    shared name, and a popular service that agents deploy to without asking.
    """
    hour, start, end = pl.col("hour"), pl.col("start"), pl.col("end")
    held = tool_calls_activity.join(period, how="cross").filter(hour >= end - WINDOW, hour < end)
    accounts = pl.col("account_id").drop_nulls().unique()
    return (
        held.group_by("target", "start", "end")
        .agg(
            score=accounts.len().cast(pl.Float64),
            members=accounts.sort().head(MEMBERS),
            commands=pl.col("events").sum(),
            first_hour=hour.min(),
            now=(hour >= start).any(),
        )
        .filter("now")
        .select(
            *("target", "score", "members", "commands", "first_hour"),
            window_start=end - WINDOW,
            window_end="end",
        )
    )
