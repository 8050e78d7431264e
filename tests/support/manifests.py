"""A manifest for tests, of one hour that was evaluated five minutes after it ended."""

from dataclasses import replace

from orchestration.manifests import Manifest

MANIFEST = Manifest(
    monitor="failed_logins",
    product="accounts",
    version=1,
    mode="shadow",
    partition="2026-03-02T10:00:00+00:00",
    partition_end="2026-03-02T11:00:00+00:00",
    as_of="2026-03-02T11:05:00+00:00",
    intent="live",
    status="complete",
    digest="d",
    rows_read=100,
    pass_partitions=1,
    flagged=1,
    near=2,
    bulk=30,
    null=4,
    sample_rate=0.01,
    seconds=0.5,
)
MASS_DM = replace(MANIFEST, monitor="mass_dm", product="chat", version=2)
