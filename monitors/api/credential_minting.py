"""Monitor `api/credential_minting`."""

from datetime import timedelta

import polars as pl

from monitors.canary import Rows
from monitors.contract import Severity, monitor
from monitors.detectors.listed import listed
from monitors.harms import Harm

MINTING = (
    "CreateUser",
    "CreateAccessKey",
    "CreateLoginProfile",
    "UpdateLoginProfile",
    "CreateServiceSpecificCredential",
    "AttachUserPolicy",
    "PutUserPolicy",
    "AddUserToGroup",
    "UpdateAssumeRolePolicy",
)
CANARY = Rows(
    "api_requests",
    n=6,
    every=timedelta(seconds=30),
    values={"key_id": "canary", "operation": "CreateAccessKey"},
)


@monitor(
    product="api",
    harm=Harm.ACCOUNT_TAKEOVER,
    entity="key_id",
    version=1,
    authors=("rkhan",),
    owner="api-security",
    threshold=5,
    window=timedelta(0),
    cadence="hourly",
    severity=Severity.S1,
    action="suspend_key",
    runbook="docs/runbooks/credential_minting.md",
    canary=(CANARY,),
)
def credential_minting(api_requests: pl.LazyFrame) -> pl.LazyFrame:
    """A key makes new credentials, or lets more people use old ones, to stay in.

    Counts calls of a calendar hour that create users, keys or passwords, or that widen what a
    user or a role's users may do, refused ones included.

    Threshold: In an hour of audit log with an attack exercise in it, the exercise's key makes 11
    such calls, 7 of them by the attack tool, and the other 133 keys none. Setting up one
    colleague takes up to 4: the user, a password, a key, a group.

    Misses: A thief who makes one key and waits, credentials made through a console session that
    has another key, and roles, which infrastructure code creates all day.

    False alarms: Onboarding of several colleagues at once, key rotation by hand, and provisioning
    tools, whose keys should be known.
    """
    return listed(
        api_requests,
        entity="key_id",
        value="operation",
        values=MINTING,
        case_sensitive=True,
        event_id="event_id",
    )
