"""Monitor `agents/agent_intrusion`."""

from datetime import timedelta

import polars as pl

from monitors.agents._calls import BREAK_IN
from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.detectors.distinct_values import distinct_values
from monitors.detectors.sliding_count import sliding_count
from monitors.harms import Harm

HOUR = timedelta(hours=1)
FEWEST_TARGETS = 2
CANARY = tuple(
    Rows(
        "tool_calls",
        n=20,
        at=timedelta(seconds=7 * target),
        every=timedelta(seconds=30),
        values={
            "session_id": "canary",
            "account_id": "canary",
            "action": "execute",
            "target": f"canary-{target}.example",
            "target_is_external": True,
        },
    )
    for target in range(3)
)


@monitor(
    product="agents",
    harm=Harm.CYBER,
    entity="account_id",
    version=1,
    authors=("asato", "rkhan"),
    owner="agent-safety",
    threshold=20,
    window=HOUR,
    cadence="5m",
    monotone=True,
    severity=Severity.S0,
    action="pause_tools",
    runbook="docs/runbooks/agent_intrusion.md",
    canary=CANARY,
)
def agent_intrusion(tool_calls: pl.LazyFrame) -> pl.LazyFrame:
    """An account's agents run commands against strangers' machines, faster than a person could.

    Most commands that agents of an account executed on targets outside its organisation without a
    person's approval, in any hour that ends in the hour; 0 where all went to a single target, for
    that is how people deploy. `targets` is the most distinct ones in an hour.

    Threshold: In three weeks of the two development worlds no other account executes anything on a
    target outside. Accounts of the slow campaigns reach 83 and more, of the loud ones 561 and more;
    nine in ten of the evasive ones' stay under 20.

    Misses: Attacks spread over accounts (see `agents/split_intrusion`), that a person waves
    through, or run on the customer's own machines, from where nothing outside is a target.

    False alarms: Penetration tests under contract, fleets hosted with a provider and not registered
    as the customer's own, and continuous integration that agents drive.
    """
    commands = tool_calls.filter(BREAK_IN)
    count = sliding_count(commands, entity="account_id", window=HOUR, event_id="event_id")
    spread = distinct_values(commands, entity="account_id", value="target", window=HOUR)
    targets = spread.select("account_id", "window_end", targets="score")
    several = pl.col("targets") >= FEWEST_TARGETS
    return count.join(targets, on=["account_id", "window_end"], how="left").with_columns(
        score=pl.when(several).then("score").otherwise(0.0)
    )
