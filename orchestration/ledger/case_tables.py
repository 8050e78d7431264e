"""Tables of work for people: cases, what was decided, who looked at what, incidents, reports."""

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
    text,
)

from orchestration.ledger.columns import key, may, metadata, must
from orchestration.ledger.times import Utc

# One row per case, as `cases.Case` has it. Of those merged, one stays open.
cases = Table(
    "cases",
    metadata,
    key("case_id"),
    must("cluster_id", String),
    must("source", String),
    must("harm", String),
    must("product", String),
    must("severity", Integer),
    may("score", Float),  # null: nothing to score it by
    must("contributions", JSON),
    must("queue", String),
    must("rule", String),  # routing rule that chose the queue
    must("restricted", Boolean),
    must("state", String),
    may("assignee", String),
    must("opened_at", Utc),
    must("changed_at", Utc),
    must("sla", JSON),  # as it was when the case was opened
    must("pauses", JSON),
    must("first_action_due", Utc),
    must("resolve_due", Utc),
    may("first_action_at", Utc),
    may("decided_at", Utc),
    may("closed_at", Utc),
    may("reopen_until", Utc),
    must("reopens", Integer),
    may("related_id", String),
    may("merged_into", String),
    may("incident_id", String),
    may("leased_by", String),
    may("leased_until", Utc),
    must("revision", Integer),
    CheckConstraint("severity BETWEEN 0 AND 3", "severity"),
    Index(None, "state", "queue"),
    Index(None, "cluster_id"),
)

# One row per alert and case. `current` is false once another case has the alert.
case_alerts = Table(
    "case_alerts",
    metadata,
    Column("case_id", String, primary_key=True),
    Column("alert_id", String, primary_key=True),
    must("joined_at", Utc),
    must("findings", Integer),  # findings of the alert that the case knows of
    must("current", Boolean),
    Index(
        "ix_case_alerts_one_current",
        "alert_id",
        unique=True,
        sqlite_where=text("current"),
        postgresql_where=text("current"),
    ),
)

# One row per entity of a case; those of its alerts, and those a person added.
case_entities = Table(
    "case_entities",
    metadata,
    Column("case_id", String, primary_key=True),
    Column("entity_type", String, primary_key=True),
    Column("entity", String, primary_key=True),
    must("added_at", Utc),
    Index(None, "entity"),
)

# One row per judgement on a case; written once.
decisions = Table(
    "decisions",
    metadata,
    key("decision_id"),
    must("audit_seq", BigInteger, "audit.seq"),
    must("case_id", String, "cases.case_id"),
    may("policy_id", String),  # null where no policy fits
    may("policy_version", Integer),
    may("ground", String),
    must("automated_detection", Boolean),
    must("automated_decision", String),
    must("decider", String),
    may("assisted_by", String),
    may("confidence", Float),
    must("decided_at", Utc),
    may("supersedes", String),
    must("acted", Boolean),  # whether the planner has taken it up
    Index(None, "case_id"),
    Index(None, "acted"),
)

# One row per unit of a decision: an alert, or an entity that no alert is about.
outcomes = Table(
    "outcomes",
    metadata,
    Column("decision_id", String, primary_key=True),
    Column("unit", String, primary_key=True),
    may("alert_id", String),
    must("entity_type", String),
    must("entity", String),
    must("outcome", String),
    may("action", String),  # what is to be done; null: nothing
    CheckConstraint("outcome IN ('violating', 'benign', 'insufficient', 'no_policy')", "outcome"),
    Index(None, "entity"),
    Index(None, "alert_id"),
)

# One row per time somebody saw content.
views = Table(
    "views",
    metadata,
    key("view_id"),
    must("audit_seq", BigInteger, "audit.seq"),
    must("person", String),
    must("case_id", String),
    must("unit", String),
    must("items", Integer),
    must("at", Utc),
    Index(None, "person", "at"),
)

# One row per report by a user. `reporter` and `target` are pseudonyms.
reports = Table(
    "reports",
    metadata,
    key("report_id"),
    must("product", String),
    must("reporter", String),
    must("target_type", String),
    must("target", String),
    may("reason", String),
    must("at", Utc),
    must("weight", Float),
    may("same_as", String),  # an earlier report that says the same
    may("case_id", String),
    may("valid", Boolean),  # null until a decision says
    Index(None, "target"),
    Index(None, "reporter"),
    Index(None, "case_id"),
)

# One row per thing that no monitor caught, until a monitor does.
gaps = Table(
    "gaps",
    metadata,
    key("gap_id"),
    must("audit_seq", BigInteger, "audit.seq"),
    must("case_id", String),
    must("kind", String),
    must("product", String),
    must("harm", String),
    may("policy_id", String),
    must("opened_at", Utc),
    must("opened_by", String),
    may("closed_at", Utc),
    may("closed_by", String),
    Index(None, "closed_at"),
)

# One row per person and policy version they have to certify themselves for.
tasks = Table(
    "tasks",
    metadata,
    key("task_id"),
    must("audit_seq", BigInteger, "audit.seq"),
    must("kind", String),
    must("person", String),
    must("object", String),
    must("created_at", Utc),
    must("due_at", Utc),
    may("done_at", Utc),
    Index(None, "person", "done_at"),
)

incidents = Table(
    "incidents",
    metadata,
    key("incident_id"),
    must("title", String),
    must("severity", Integer),
    must("state", String),
    must("roles", JSON),
    must("opened_at", Utc),
    may("mitigated_at", Utc),
    may("closed_at", Utc),
    CheckConstraint("state IN ('open', 'mitigated', 'closed')", "state"),
)

# One row per entry of an incident's timeline; written once.
incident_events = Table(
    "incident_events",
    metadata,
    key("event_id"),
    must("audit_seq", BigInteger, "audit.seq"),
    must("incident_id", String, "incidents.incident_id"),
    must("at", Utc),
    must("person", String),
    must("kind", String),
    may("object", String),
    must("line", String),
    Index(None, "incident_id"),
)
