"""Tables of acting: what is done to whom, who allowed it, what undoes it, and who objected."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    text,
)

from orchestration.ledger.columns import key, may, metadata, must
from orchestration.ledger.times import Utc

LIVE_KEY = "mode = 'live' AND state NOT IN ('reversed', 'blocked', 'expired', 'failed')"

# One row per plan: what was to be done together, and what limits said to it.
batches = Table(
    "batches",
    metadata,
    key("batch_id"),
    must("audit_seq", BigInteger, "audit.seq"),
    must("source", String),
    must("mode", String),
    must("planned_at", Utc),
    must("size", Integer),
    must("preview", JSON),
    may("breach", String),  # the cap that was breached: none of the batch is applied
    may("breached_at", Utc),
    may("resumed_at", Utc),
    may("admitted_at", Utc),  # when its live rows were let through the day's caps
    Index(None, "breach"),
)

# One row per action on a target, as `enforcements.Enforcement` has it.
enforcements = Table(
    "enforcements",
    metadata,
    key("enforcement_id"),
    must("idempotency_key", String),
    must("batch_id", String, "batches.batch_id"),
    may("decision_id", String),
    may("alert_id", String),
    may("monitor", String),
    may("version", Integer),
    must("product", String),
    may("tenant", String),
    must("policy_id", String),
    must("policy_version", Integer),
    must("target_type", String),
    must("target", String),
    must("action", String),
    must("action_class", String),
    must("mode", String),
    must("state", String),
    must("standing", Boolean),
    may("code", String),
    must("automated", String),
    may("lower", Float),
    may("n", Integer),
    must("needs", Integer),
    must("planned_at", Utc),
    must("not_before", Utc),
    may("expires_at", Utc),
    may("approved_at", Utc),
    may("admitted_at", Utc),
    may("executing_at", Utc),
    may("applied_at", Utc),
    may("ends_at", Utc),
    may("reversed_at", Utc),
    may("reversal_id", String),
    may("prior", String),
    may("receipt", String),
    may("flag", String),
    may("leased_by", String),
    may("leased_until", Utc),
    must("attempts", Integer),
    CheckConstraint("mode IN ('dry_run', 'live')", "mode"),
    CheckConstraint("mode = 'live' OR NOT standing", "standing"),
    Index(
        "ix_enforcements_one_key",
        "idempotency_key",
        unique=True,
        sqlite_where=text(LIVE_KEY),
        postgresql_where=text(LIVE_KEY),
    ),
    Index(
        "ix_enforcements_one_standing",
        "target_type",
        "target",
        "action_class",
        unique=True,
        sqlite_where=text("standing"),
        postgresql_where=text("standing"),
    ),
    Index(None, "batch_id"),
    Index(None, "state", "not_before"),
    Index(None, "target"),
    Index(None, "monitor", "version"),
    Index(None, "alert_id"),
    Index(None, "decision_id"),
    Index(None, "reversal_id"),
    Index(None, "executing_at"),
)

# One row per person's yes or no to an object: an enforcement, or a batch that is to be resumed.
grants = Table(
    "grants",
    metadata,
    key("grant_id"),
    must("audit_seq", BigInteger, "audit.seq"),
    must("object", String),
    must("person", String),
    must("verdict", String),
    must("at", Utc),
    CheckConstraint("verdict IN ('approve', 'refuse')", "verdict"),
    UniqueConstraint("object", "person"),
)

# One row per kill switch that was ever thrown: `all`, `product:<id>` or `monitor:<id>`.
switches = Table(
    "switches",
    metadata,
    key("name"),
    must("on", Boolean),
    must("by", String),
    must("at", Utc),
    must("reason", String),
)

# One row per entity that nothing is done to without people.
protections = Table(
    "protections",
    metadata,
    Column("entity_type", String, primary_key=True),
    Column("entity", String, primary_key=True),
    must("reason", String),
    must("by", String),
    must("at", Utc),
    may("ends_at", Utc),
)

# One row per wish to undo: one enforcement, or all that a monitor did since a time.
reversals = Table(
    "reversals",
    metadata,
    key("reversal_id"),
    must("audit_seq", BigInteger, "audit.seq"),
    must("kind", String),
    may("monitor", String),
    may("version", Integer),
    may("since", Utc),
    may("appeal_id", String),
    must("asked_by", String),
    must("asked_at", Utc),
    must("size", Integer),
    CheckConstraint("kind IN ('one', 'monitor', 'appeal')", "kind"),
)

strikes = Table(
    "strikes",
    metadata,
    key("strike_id"),
    must("audit_seq", BigInteger, "audit.seq"),
    must("enforcement_id", String, "enforcements.enforcement_id"),
    must("entity_type", String),
    must("entity", String),
    must("policy_id", String),
    must("weight", Integer),
    must("at", Utc),
    must("expires_at", Utc),
    may("removed_at", Utc),
    UniqueConstraint("enforcement_id"),
    Index(None, "entity"),
)

# One row per challenge to an enforcement, as `appeals.Appeal` has it.
appeals = Table(
    "appeals",
    metadata,
    key("appeal_id"),
    must("enforcement_id", String, "enforcements.enforcement_id"),
    must("product", String),
    must("reference", String),  # the product's own number of the request
    must("reason", String),
    must("state", String),
    must("received_at", Utc),
    must("sla", JSON),
    must("due_at", Utc),
    may("reviewer", String),
    may("outcome", String),
    may("rationale", String),
    may("policy_version", Integer),
    may("decided_at", Utc),
    may("notified_at", Utc),
    may("reversal_id", String),
    may("leased_by", String),
    may("leased_until", Utc),
    UniqueConstraint("product", "reference"),
    Index(
        "ix_appeals_one_open",
        "enforcement_id",
        unique=True,
        sqlite_where=text("state IN ('received', 'queued', 'in_review')"),
        postgresql_where=text("state IN ('received', 'queued', 'in_review')"),
    ),
    Index(None, "state", "due_at"),
)

# One row per thing a user is told. `fields` are codes, ids, counts and dates.
notices = Table(
    "notices",
    metadata,
    key("notice_id"),
    must("audit_seq", BigInteger, "audit.seq"),
    must("kind", String),
    must("enforcement_id", String),
    may("appeal_id", String),
    must("product", String),
    must("target_type", String),
    must("target", String),
    must("fields", JSON),
    must("state", String),
    must("queued_at", Utc),
    must("attempts", Integer),
    may("leased_by", String),
    may("leased_until", Utc),
    may("sent_at", Utc),
    may("error", String),
    CheckConstraint("state IN ('queued', 'sent', 'failed')", "state"),
    Index(None, "state", "queued_at"),
    Index(None, "enforcement_id"),
)
