"""The ledger's tables. Migrations make them; a test holds the two together.

Ids, counts and times only: what people wrote stays in the lake. Rows of `audit`, `approvals`,
`alert_findings`, `labels` and `intake` are written once and never changed.
"""

from typing import TypeVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeEngine

from orchestration.ledger.times import Utc

T = TypeVar("T")
metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def _key(name: str) -> Column[str]:
    return Column(name, String, primary_key=True)


def _must(name: str, type_: type[TypeEngine[T]], references: str | None = None) -> Column[T]:
    foreign = [ForeignKey(references)] if references else []
    return Column(name, type_, *foreign, nullable=False)


def _may(name: str, type_: type[TypeEngine[T]], references: str | None = None) -> Column[T]:
    foreign = [ForeignKey(references)] if references else []
    return Column(name, type_, *foreign, nullable=True)


# One row per act; `hash` covers all other columns and the hash of the row before.
audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    _must("prev_hash", String),
    _must("hash", String),
    _must("at", Utc),
    _must("actor", String),
    _may("on_behalf_of", String),
    _must("verb", String),
    _must("object", String),
    _may("before", String),  # null where the object was new
    _may("after", String),
    _must("reason", String),
    UniqueConstraint("prev_hash"),  # no two rows follow one: the chain has no fork
    Index(None, "object", "seq"),
)

# One row per episode of a dedup key. `entity` is a pseudonym. `resolve_after` clean evaluations
# resolve it; `clean_count` of them were seen in a row, `count` findings in all.
alerts = Table(
    "alerts",
    metadata,
    _key("alert_id"),
    _must("dedup_key", String),
    _must("episode", Integer),
    _must("group_key", String),
    _must("monitor", String),
    _must("version", Integer),
    _must("mode", String),
    _must("product", String),
    _must("harm", String),
    _must("entity_type", String),
    _must("entity", String),
    _must("labels", JSON),
    _must("severity", Integer),
    _must("state", String),
    _must("state_at", Utc),
    _must("first_seen", Utc),
    _must("last_seen", Utc),
    _must("count", Integer),
    _must("clean_count", Integer),
    _must("resolve_after", Integer),
    _must("flaps", Integer),
    _must("silenced_by", JSON),
    _must("inhibited_by", JSON),
    _must("stale_source", Boolean),
    _may("ack_by", String),
    _may("ack_at", Utc),
    _may("ack_until", Utc),
    _must("revision", Integer),
    UniqueConstraint("dedup_key", "episode"),
    CheckConstraint("severity BETWEEN 0 AND 3", "severity"),
    CheckConstraint("state IN ('pending', 'firing', 'acked', 'resolved', 'closed')", "state"),
    Index(None, "group_key"),
    Index(None, "state"),
    Index(
        "ix_alerts_one_open",
        "dedup_key",
        unique=True,
        sqlite_where=text("state <> 'closed'"),
        postgresql_where=text("state <> 'closed'"),
    ),
)

# One row per revision of a finding, which belongs to one alert. `digest` is of its content.
alert_findings = Table(
    "alert_findings",
    metadata,
    _key("finding_id"),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    _must("alert_id", String, "alerts.alert_id"),
    _must("kind", String),
    _must("digest", String),
    _must("window_end", Utc),
    _must("at", Utc),
    CheckConstraint("kind IN ('new', 'amended', 'retracted')", "kind"),
    Index(None, "alert_id"),
)

silences = Table(
    "silences",
    metadata,
    _key("silence_id"),
    _must("matchers", JSON),
    _must("starts_at", Utc),
    _must("ends_at", Utc),
    _must("created_by", String),
    _must("created_at", Utc),
    _must("reason", String),
    _may("ticket", String),
    _may("ended_by", String),  # null unless it was lifted before its end
    CheckConstraint("ends_at > starts_at", "span"),
)

# One row per change of what a monitor's version may do; the latest by `audit_seq` counts.
approvals = Table(
    "approvals",
    metadata,
    _key("approval_id"),
    _must("audit_seq", BigInteger, "audit.seq"),
    _must("monitor", String),
    _must("version", Integer),
    _must("mode", String),
    _may("resumes", String),  # mode after a disabling has expired; null in other modes
    _may("expires_at", Utc),  # null but for a disabling
    _must("approved_by", String),
    _must("reason", String),
    _must("at", Utc),
    UniqueConstraint("audit_seq"),
    CheckConstraint(
        "mode IN ('draft', 'shadow', 'review', 'auto', 'disabled', 'deprecated')", "mode"
    ),
    Index(None, "monitor", "version"),
)

# One row per judgement of one unit; a later one names the row that it replaces.
labels = Table(
    "labels",
    metadata,
    _key("label_id"),
    _must("unit_id", String),
    _must("value", Boolean),
    _must("source", String),
    _must("rater", String),
    _may("inclusion_prob", Float),  # null where the unit was not drawn
    _may("stratum", String),
    _may("policy_version", String),
    _must("monitor", String),
    _must("monitor_version", Integer),
    _must("created_at", Utc),
    _may("supersedes", String, "labels.label_id"),
    CheckConstraint("inclusion_prob > 0 AND inclusion_prob <= 1", "inclusion_prob"),
    Index(None, "unit_id"),
    Index(None, "monitor", "monitor_version"),
)

# One row per thing to be done outside the ledger. Whoever holds the lease does it.
outbox = Table(
    "outbox",
    metadata,
    _key("outbox_id"),
    _must("audit_seq", BigInteger, "audit.seq"),
    _must("kind", String),
    _must("payload", JSON),
    _must("created_at", Utc),
    _must("not_before", Utc),
    _must("attempts", Integer),
    _may("leased_by", String),
    _may("leased_until", Utc),
    _may("done_at", Utc),  # null: still to be done
    Index(
        "ix_outbox_waiting",
        "not_before",
        sqlite_where=text("done_at IS NULL"),
        postgresql_where=text("done_at IS NULL"),
    ),
)

# One row per result of an evaluation that was taken in: the cursor of intake.
intake = Table(
    "intake",
    metadata,
    _key("monitor"),
    Column("version", Integer, primary_key=True, autoincrement=False),
    _key("partition"),
    _key("digest"),
    _must("intent", String),
    _must("status", String),
    _must("as_of", Utc),
    _must("at", Utc),
    _must("findings", Integer),
    _must("audit_seq", BigInteger, "audit.seq"),
)

# One row per personal token; the token itself is known to its owner alone.
people_tokens = Table(
    "people_tokens",
    metadata,
    _key("token_hash"),
    _must("person", String),
    _must("created_at", Utc),
    _must("expires_at", Utc),
    _may("revoked_at", Utc),
    Index(None, "person"),
)
