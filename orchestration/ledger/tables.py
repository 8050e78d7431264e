"""The ledger's tables. Migrations make them; a test holds the two together.

Ids, counts and times only: what people wrote stays in the lake. Rows of `audit`, `approvals`,
`alert_findings`, `labels` and `configs` are written once and never changed.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

from orchestration.ledger.alert_tables import alert_findings, alerts, intake, silences, told
from orchestration.ledger.case_tables import (
    case_alerts,
    case_entities,
    cases,
    decisions,
    gaps,
    incident_events,
    incidents,
    outcomes,
    reports,
    tasks,
    views,
)
from orchestration.ledger.columns import key, may, metadata, must
from orchestration.ledger.enforcement_tables import (
    appeals,
    batches,
    enforcements,
    grants,
    notices,
    protections,
    reversals,
    strikes,
    switches,
)
from orchestration.ledger.launch_tables import (
    backtests,
    launch_reports,
    launch_signatures,
    launch_waivers,
    red_findings,
    seeded_runs,
    trials,
)
from orchestration.ledger.review_tables import (
    answers,
    classifier_events,
    golden,
    plans,
    review_tasks,
    rollouts,
    strata,
    task_views,
)
from orchestration.ledger.telling_tables import (
    channels,
    digests,
    escalations,
    outbox,
    problems,
    threads,
)
from orchestration.ledger.times import Utc

__all__ = [
    "alert_findings",
    "alerts",
    "answers",
    "appeals",
    "approvals",
    "audit",
    "backtests",
    "batches",
    "case_alerts",
    "case_entities",
    "cases",
    "channels",
    "classifier_events",
    "configs",
    "decisions",
    "digests",
    "enforcements",
    "escalations",
    "gaps",
    "golden",
    "grants",
    "incident_events",
    "incidents",
    "intake",
    "labels",
    "launch_reports",
    "launch_signatures",
    "launch_waivers",
    "metadata",
    "notices",
    "outbox",
    "outcomes",
    "people_tokens",
    "plans",
    "problems",
    "protections",
    "red_findings",
    "reports",
    "reversals",
    "review_tasks",
    "rollouts",
    "seeded_runs",
    "silences",
    "strata",
    "strikes",
    "switches",
    "task_views",
    "tasks",
    "threads",
    "told",
    "trials",
    "views",
]

# One row per act; `hash` covers all other columns and the hash of the row before.
audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    must("prev_hash", String),
    must("hash", String),
    must("at", Utc),
    must("actor", String),
    may("on_behalf_of", String),
    must("verb", String),
    must("object", String),
    may("before", String),  # null where the object was new
    may("after", String),
    must("reason", String),
    UniqueConstraint("prev_hash"),  # no two rows follow one: the chain has no fork
    Index(None, "object", "seq"),
)

# One row per change of what a monitor's version may do; the latest by `audit_seq` counts.
approvals = Table(
    "approvals",
    metadata,
    key("approval_id"),
    must("audit_seq", BigInteger, "audit.seq"),
    must("monitor", String),
    must("version", Integer),
    must("mode", String),
    may("resumes", String),  # mode after a disabling has expired; null in other modes
    may("expires_at", Utc),  # null but for a disabling
    must("approved_by", String),
    must("reason", String),
    must("at", Utc),
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
    key("label_id"),
    must("unit_id", String),
    must("value", Boolean),
    must("source", String),
    must("rater", String),
    may("inclusion_prob", Float),  # null where the unit was not drawn
    may("stratum", String),
    may("policy_version", String),
    may("monitor", String),  # null: no monitor found it
    may("monitor_version", Integer),
    may("code", String),  # why, in one word of a fixed list
    must("created_at", Utc),
    may("supersedes", String, "labels.label_id"),
    CheckConstraint("inclusion_prob > 0 AND inclusion_prob <= 1", "inclusion_prob"),
    Index(None, "unit_id"),
    Index(None, "monitor", "monitor_version"),
)

# One row per personal token; the token itself is known to its owner alone.
people_tokens = Table(
    "people_tokens",
    metadata,
    key("token_hash"),
    must("person", String),
    must("created_at", Utc),
    must("expires_at", Utc),
    may("revoked_at", Utc),
    Index(None, "person"),
)

# One row per text of a settings file that was sound and came into force; the latest counts.
configs = Table(
    "configs",
    metadata,
    must("audit_seq", BigInteger, "audit.seq"),
    must("name", String),
    must("digest", String),
    must("text", String),
    must("taken_at", Utc),
    PrimaryKeyConstraint("audit_seq"),
    Index(None, "name", "audit_seq"),
)
