"""Tables of alerts: what was found, what mutes it, and what each receiver knows of it."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    String,
    Table,
    text,
)

from orchestration.ledger.columns import key, may, metadata, must
from orchestration.ledger.times import Utc

# One row per episode of a dedup key. `entity` is a pseudonym; the rest as in `alerts.records`.
alerts = Table(
    "alerts",
    metadata,
    key("alert_id"),
    must("dedup_key", String),
    must("monitor", String),
    must("version", Integer),
    must("product", String),
    must("harm", String),
    must("entity_type", String),
    must("entity", String),
    must("severity", Integer),
    must("worst", Integer),
    must("state", String),
    must("opened_at", Utc),
    must("changed_at", Utc),
    must("first_seen", Utc),
    must("last_seen", Utc),
    must("last_partition", Utc),
    must("count", Integer),
    must("retracted", Integer),
    must("late", Integer),
    must("raises", Integer),
    must("fires", Integer),
    must("flaps", Integer),
    must("lapses", Integer),
    must("revision", Integer),
    may("ack_by", String),
    may("ack_at", Utc),
    may("ack_until", Utc),
    must("silenced_by", JSON),
    must("inhibited_by", JSON),
    must("shadow", Boolean),
    CheckConstraint("severity BETWEEN 0 AND 3", "severity"),
    CheckConstraint("state IN ('pending', 'firing', 'acked', 'resolved', 'closed')", "state"),
    Index(None, "state"),
    Index(None, "monitor"),
    Index(
        "ix_alerts_one_open",
        "dedup_key",
        unique=True,
        sqlite_where=text("state <> 'closed'"),
        postgresql_where=text("state <> 'closed'"),
    ),
)

# One row per revision of a finding of one partition, which belongs to one alert. The row with the
# highest `audit_seq` of a place (entity, window, subkey) says what stands there.
alert_findings = Table(
    "alert_findings",
    metadata,
    key("finding_id"),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    must("alert_id", String, "alerts.alert_id"),
    must("monitor", String),
    must("partition", Utc),
    must("partition_end", Utc),
    must("entity", String),
    may("subkey", String),  # a pseudonym, as the entity is
    must("window_start", Utc),
    must("window_end", Utc),
    must("kind", String),
    must("digest", String),
    must("at", Utc),
    must("audit_seq", BigInteger, "audit.seq"),
    CheckConstraint("kind IN ('new', 'duplicate', 'amended', 'retracted')", "kind"),
    Index(None, "alert_id"),
    Index(None, "monitor", "partition"),
)

silences = Table(
    "silences",
    metadata,
    key("silence_id"),
    must("matchers", JSON),
    must("starts_at", Utc),
    must("ends_at", Utc),
    must("created_by", String),
    must("created_at", Utc),
    must("reason", String),
    may("ticket", String),
    may("ended_by", String),  # null unless it was lifted before its end
    CheckConstraint("ends_at > starts_at", "span"),
)

# One row per monitor and partition: the newest evaluation of it that was taken in. The cursor.
intake = Table(
    "intake",
    metadata,
    key("monitor"),
    Column("partition", Utc, primary_key=True),
    Column("partition_end", Utc, primary_key=True),
    must("version", Integer),
    must("as_of", Utc),
    must("status", String),
    must("intent", String),
    must("digest", String),
    must("findings", Integer),
    must("at", Utc),
    must("audit_seq", BigInteger, "audit.seq"),
    CheckConstraint("status IN ('complete', 'stale', 'failed')", "status"),
    Index(None, "partition_end"),
)

# One row per group and receiver: what it was last told. `marks` are episodes with their revisions.
told = Table(
    "told",
    metadata,
    key("group_key"),
    key("receiver"),
    must("route", String),
    must("labels", JSON),
    must("at", Utc),
    must("reason", String),
    must("state_hash", String),
    must("marks", JSON),
    must("number", Integer),
    must("thread_id", String, "threads.thread_id"),
    Index(None, "thread_id"),
)
