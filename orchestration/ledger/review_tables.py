"""Tables of measurement: what was drawn, who judged it, gold, roll-outs and classifiers in force.

Ids, counts and times only: the text of a unit stays in the lake.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Float,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

from orchestration.ledger.columns import key, may, metadata, must
from orchestration.ledger.times import Utc

# One row per draw of one monitor's version from one frame and partition.
plans = Table(
    "plans",
    metadata,
    key("plan_id"),
    must("audit_seq", BigInteger, "audit.seq"),
    must("frame", String),
    must("monitor", String),
    must("version", Integer),
    must("starts_at", Utc),  # the partition, half-open
    must("ends_at", Utc),
    must("seed_digest", String),
    must("drawn_at", Utc),
    UniqueConstraint("frame", "monitor", "version", "starts_at", "ends_at"),
    CheckConstraint("frame IN ('episodes', 'windows')", "frame"),
)

# One row per stratum of a plan: of `size` units `kept` could be drawn and `drawn` were.
strata = Table(
    "strata",
    metadata,
    must("plan_id", String, "plans.plan_id"),
    must("stratum", String),
    must("size", BigInteger),
    must("kept", BigInteger),
    must("drawn", BigInteger),
    may("inclusion_prob", Float),  # of each of its units; null where there is none
    PrimaryKeyConstraint("plan_id", "stratum"),
    CheckConstraint("inclusion_prob > 0 AND inclusion_prob <= 1", "inclusion_prob"),
)

# One row per unit that somebody is to judge blind. What a rater is shown never has `kind`,
# `stratum`, `plan_id`, `golden_id` or `of_task`.
review_tasks = Table(
    "review_tasks",
    metadata,
    key("task_id"),
    must("audit_seq", BigInteger, "audit.seq"),
    must("kind", String),
    must("unit_id", String),
    must("product", String),
    must("monitor", String),
    must("version", Integer),
    must("entity_type", String),
    must("entity", String),
    must("window_start", Utc),
    must("window_end", Utc),
    may("plan_id", String, "plans.plan_id"),  # null for gold
    may("stratum", String),  # null for gold
    may("inclusion_prob", Float),
    may("golden_id", String, "golden.golden_id"),
    may("of_task", String, "review_tasks.task_id"),  # the task that a second review repeats
    must("rank", Float),  # the order of work, drawn by a keyed hash
    must("state", String),
    must("made_at", Utc),
    must("due_at", Utc),
    may("leased_by", String),
    may("leased_until", Utc),
    may("closed_at", Utc),
    CheckConstraint("kind IN ('episode', 'window', 'second', 'golden')", "kind"),
    CheckConstraint(
        "state IN ('open', 'leased', 'answered', 'disputed', 'settled', 'withdrawn')", "state"
    ),
    CheckConstraint("inclusion_prob > 0 AND inclusion_prob <= 1", "inclusion_prob"),
    Index(None, "state", "rank"),
    Index(None, "unit_id"),
)

# One row per answer of one rater to one task; written once.
answers = Table(
    "answers",
    metadata,
    key("answer_id"),
    must("audit_seq", BigInteger, "audit.seq"),
    must("task_id", String, "review_tasks.task_id"),
    must("unit_id", String),
    must("rater", String),
    must("verdict", String),
    may("policy_version", String),
    may("golden_version", Integer),  # of the set, where the task was gold
    may("label_id", String, "labels.label_id"),  # null where the verdict is no truth
    may("taken_at", Utc),  # null for what was imported without it
    must("answered_at", Utc),
    UniqueConstraint("task_id", "rater"),
    CheckConstraint("verdict IN ('violating', 'benign', 'insufficient', 'no_policy')", "verdict"),
    Index(None, "rater", "answered_at"),
    Index(None, "unit_id"),
)

# One row per unit whose truth is settled, by which raters are measured.
golden = Table(
    "golden",
    metadata,
    key("golden_id"),
    must("audit_seq", BigInteger, "audit.seq"),
    must("unit_id", String),
    must("product", String),
    must("monitor", String),
    must("version", Integer),
    must("entity_type", String),
    must("entity", String),
    must("window_start", Utc),
    must("window_end", Utc),
    must("value", Boolean),
    must("policy_version", String),
    must("since_version", Integer),  # of the product's set
    may("until_version", Integer),  # the first without it; null while it is in the set
    must("added_by", String),
    must("added_at", Utc),
    must("expires_at", Utc),
    may("retired_at", Utc),
    may("retired_why", String),
    CheckConstraint("retired_why IN ('expired', 'leaked', 'policy', 'wrong')", "retired_why"),
    Index(None, "product"),
    Index(None, "unit_id"),
)

# One row per time somebody saw the content of a task.
task_views = Table(
    "task_views",
    metadata,
    key("view_id"),
    must("audit_seq", BigInteger, "audit.seq"),
    must("person", String),
    must("task_id", String, "review_tasks.task_id"),
    must("items", Integer),
    must("at", Utc),
    Index(None, "person", "at"),
)

# One row per change of the share of entities that a version in auto may act on; the latest counts.
rollouts = Table(
    "rollouts",
    metadata,
    key("rollout_id"),
    must("audit_seq", BigInteger, "audit.seq"),
    must("monitor", String),
    must("version", Integer),
    must("percent", Integer),
    must("by", String),
    must("reason", String),
    must("at", Utc),
    CheckConstraint("percent IN (0, 1, 10, 50, 100)", "percent"),
    Index(None, "monitor", "version"),
)

# One row per change of the model of a classifier that is in force; the latest by audit_seq counts.
classifier_events = Table(
    "classifier_events",
    metadata,
    key("event_id"),
    must("audit_seq", BigInteger, "audit.seq"),
    must("name", String),
    must("model", String),  # digest of the model's file
    must("verb", String),
    must("by", String),
    must("reason", String),
    must("at", Utc),
    CheckConstraint("verb IN ('promote', 'roll_back', 'refuse')", "verb"),
    Index(None, "name"),
)
