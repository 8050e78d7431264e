from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from monitors.activity import Activity, Baseline
from monitors.canary import Rows
from monitors.contract import Mode, Monitor, Severity, monitor
from monitors.errors import MonitorError
from monitors.harms import Harm

BY_ACCOUNT = Activity("logins", by=("account_id",))


def declared(**changes: Any) -> Monitor:  # noqa: ANN401 - any argument of the declaration
    arguments: dict[str, Any] = {
        "product": "accounts",
        "harm": Harm.SPAM,
        "entity": "account_id",
        "version": 1,
        "authors": ("ann",),
        "owner": "team",
        "threshold": 10,
        "window": timedelta(hours=1),
        "cadence": "hourly",
        "severity": Severity.S2,
        "action": "review",
        "runbook": "docs/runbooks/spam.md",
        "canary": (Rows("logins", n=1),),
    }

    def spam(logins: pl.LazyFrame) -> pl.LazyFrame:
        """One account sends much.

        Counts.

        Threshold: Ten is more
        than nine: always.
        Misses: Slow ones.
        False alarms: Fast ones,
        and their friends.
        """
        return logins.head(1)

    return monitor(**(arguments | changes))(spam)


def test_a_function_is_declared_once_and_stays_a_function() -> None:
    spam = declared()
    assert (spam.id, spam.every, spam.reads) == ("accounts/spam", "1h", ("logins",))
    assert (spam.near, spam.mode, spam.monotone) == (8.0, Mode.SHADOW, False)
    assert spam(pl.LazyFrame({"a": [1, 2]})).collect().height == 1
    assert spam(logins=pl.LazyFrame({"a": [1, 2]})).collect().height == 1
    assert declared(cadence="daily").every == "1d"
    assert declared(cadence="5m", monotone=True).every == "1h"


def test_documentation_is_read_by_section() -> None:
    spam = declared()
    assert spam.behaviour == "One account sends much."
    assert spam.section("Threshold") == "Ten is more than nine: always."
    assert spam.section("Misses") == "Slow ones."
    assert spam.section("False alarms") == "Fast ones, and their friends."
    assert spam.section("Source") == ""


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 0}, "version is 0; count from 1"),
        ({"authors": ()}, "has no authors"),
        ({"owner": ""}, "has no owner"),
        ({"window": timedelta(hours=-1)}, "window -1 day, 23:00:00 looks ahead"),
        ({"near": 11}, "near 11 is over its threshold"),
        ({"cadence": "5m"}, "needs monotone=True"),
        ({"cadence": "weekly"}, "cadence is 'weekly'; choose one of 5m, hourly, daily"),
        ({"canary": ()}, "has no canary"),
        ({"activity": (BY_ACCOUNT,)}, r"reads activity of \[\] and declares \['logins'\]"),
        ({"baseline": (Baseline(BY_ACCOUNT),)}, r"reads baselines of \[\] and declares"),
        (
            {"baseline": (Baseline(BY_ACCOUNT, season="week"),)},  # type: ignore[arg-type]
            r"season is \['week'\]; choose one of day, hour_of_day, hour_of_week",
        ),
    ],
)
def test_refuses_a_declaration_that_contradicts_itself(
    changes: dict[str, object], message: str
) -> None:
    with pytest.raises(MonitorError, match=f"Monitor 'accounts/spam': .*{message}"):
        declared(**changes)


def test_says_all_that_is_wrong_at_once() -> None:
    with pytest.raises(MonitorError, match=r"version is 0.*has no authors.*has no owner"):
        declared(version=0, authors=(), owner="")


def test_refuses_a_function_that_reads_nothing() -> None:
    with pytest.raises(MonitorError, match="reads no table"):

        @monitor(
            product="accounts",
            harm=Harm.SPAM,
            entity="account_id",
            version=1,
            authors=("ann",),
            owner="team",
            threshold=1,
            window=timedelta(hours=1),
            cadence="hourly",
            severity=Severity.S3,
            action="review",
            runbook="x.md",
            canary=(Rows("logins", n=1),),
        )
        def nothing() -> pl.LazyFrame:
            """Nothing."""
            return pl.LazyFrame()


def test_an_activity_that_is_read_must_be_declared() -> None:
    def look_back(logins_activity: pl.LazyFrame) -> pl.LazyFrame:
        return logins_activity

    spam = declared()
    arguments = {
        name: getattr(spam, name)
        for name in ("product", "harm", "entity", "version", "authors", "owner", "threshold")
    }
    more = ("window", "cadence", "severity", "action", "runbook", "canary")
    arguments |= {name: getattr(spam, name) for name in more}
    with pytest.raises(MonitorError, match=r"reads activity of \['logins'\] and declares \[\]"):
        monitor(**arguments)(look_back)
    assert monitor(**arguments, activity=(BY_ACCOUNT,))(look_back).reads == ("logins_activity",)
