"""Measurement: what was drawn, who judged it, gold, roll-outs and classifiers in force."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables, those that others refer to first."""
    _classifier_events()
    _golden()
    _plans()
    _rollouts()
    _review_tasks()
    _strata()
    _answers()
    _task_views()


def _classifier_events() -> None:
    op.create_table(
        "classifier_events",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.CheckConstraint(
            "verb IN ('promote', 'roll_back', 'refuse')", name=op.f("ck_classifier_events_verb")
        ),
        sa.ForeignKeyConstraint(
            ["audit_seq"], ["audit.seq"], name=op.f("fk_classifier_events_audit_seq")
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_classifier_events")),
    )
    op.create_index(op.f("ix_classifier_events_name"), "classifier_events", ["name"], unique=False)


def _golden() -> None:
    op.create_table(
        "golden",
        sa.Column("golden_id", sa.String(), nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("monitor", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entity_type", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("window_start", TIME, nullable=False),
        sa.Column("window_end", TIME, nullable=False),
        sa.Column("value", sa.Boolean(), nullable=False),
        sa.Column("policy_version", sa.String(), nullable=False),
        sa.Column("since_version", sa.Integer(), nullable=False),
        sa.Column("until_version", sa.Integer(), nullable=True),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("added_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("retired_at", TIME, nullable=True),
        sa.Column("retired_why", sa.String(), nullable=True),
        sa.CheckConstraint(
            "retired_why IN ('expired', 'leaked', 'policy', 'wrong')",
            name=op.f("ck_golden_retired_why"),
        ),
        sa.ForeignKeyConstraint(["audit_seq"], ["audit.seq"], name=op.f("fk_golden_audit_seq")),
        sa.PrimaryKeyConstraint("golden_id", name=op.f("pk_golden")),
    )
    op.create_index(op.f("ix_golden_product"), "golden", ["product"], unique=False)
    op.create_index(op.f("ix_golden_unit_id"), "golden", ["unit_id"], unique=False)


def _plans() -> None:
    op.create_table(
        "plans",
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("frame", sa.String(), nullable=False),
        sa.Column("monitor", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("starts_at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        sa.Column("seed_digest", sa.String(), nullable=False),
        sa.Column("drawn_at", TIME, nullable=False),
        sa.CheckConstraint("frame IN ('episodes', 'windows')", name=op.f("ck_plans_frame")),
        sa.ForeignKeyConstraint(["audit_seq"], ["audit.seq"], name=op.f("fk_plans_audit_seq")),
        sa.PrimaryKeyConstraint("plan_id", name=op.f("pk_plans")),
        sa.UniqueConstraint(
            "frame",
            "monitor",
            "version",
            "starts_at",
            "ends_at",
            name=op.f("uq_plans_frame_monitor_version_starts_at_ends_at"),
        ),
    )


def _rollouts() -> None:
    op.create_table(
        "rollouts",
        sa.Column("rollout_id", sa.String(), nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("monitor", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.CheckConstraint("percent IN (0, 1, 10, 50, 100)", name=op.f("ck_rollouts_percent")),
        sa.ForeignKeyConstraint(["audit_seq"], ["audit.seq"], name=op.f("fk_rollouts_audit_seq")),
        sa.PrimaryKeyConstraint("rollout_id", name=op.f("pk_rollouts")),
    )
    op.create_index(
        op.f("ix_rollouts_monitor_version"), "rollouts", ["monitor", "version"], unique=False
    )


def _review_tasks() -> None:
    op.create_table(
        "review_tasks",
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("monitor", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entity_type", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("window_start", TIME, nullable=False),
        sa.Column("window_end", TIME, nullable=False),
        sa.Column("plan_id", sa.String(), nullable=True),
        sa.Column("stratum", sa.String(), nullable=True),
        sa.Column("inclusion_prob", sa.Float(), nullable=True),
        sa.Column("golden_id", sa.String(), nullable=True),
        sa.Column("of_task", sa.String(), nullable=True),
        sa.Column("rank", sa.Float(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("leased_by", sa.String(), nullable=True),
        sa.Column("leased_until", TIME, nullable=True),
        sa.Column("closed_at", TIME, nullable=True),
        sa.CheckConstraint(
            "kind IN ('episode', 'window', 'second', 'golden')", name=op.f("ck_review_tasks_kind")
        ),
        sa.CheckConstraint(
            "state IN ('open', 'leased', 'answered', 'disputed', 'settled', 'withdrawn')",
            name=op.f("ck_review_tasks_state"),
        ),
        sa.CheckConstraint(
            "inclusion_prob > 0 AND inclusion_prob <= 1",
            name=op.f("ck_review_tasks_inclusion_prob"),
        ),
        sa.ForeignKeyConstraint(
            ["audit_seq"], ["audit.seq"], name=op.f("fk_review_tasks_audit_seq")
        ),
        sa.ForeignKeyConstraint(
            ["golden_id"], ["golden.golden_id"], name=op.f("fk_review_tasks_golden_id")
        ),
        sa.ForeignKeyConstraint(
            ["of_task"], ["review_tasks.task_id"], name=op.f("fk_review_tasks_of_task")
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["plans.plan_id"], name=op.f("fk_review_tasks_plan_id")
        ),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_review_tasks")),
    )
    op.create_index(
        op.f("ix_review_tasks_state_rank"), "review_tasks", ["state", "rank"], unique=False
    )
    op.create_index(op.f("ix_review_tasks_unit_id"), "review_tasks", ["unit_id"], unique=False)


def _strata() -> None:
    op.create_table(
        "strata",
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("stratum", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("kept", sa.BigInteger(), nullable=False),
        sa.Column("drawn", sa.BigInteger(), nullable=False),
        sa.Column("inclusion_prob", sa.Float(), nullable=True),
        sa.CheckConstraint(
            "inclusion_prob > 0 AND inclusion_prob <= 1", name=op.f("ck_strata_inclusion_prob")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.plan_id"], name=op.f("fk_strata_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", "stratum", name=op.f("pk_strata")),
    )


def _answers() -> None:
    op.create_table(
        "answers",
        sa.Column("answer_id", sa.String(), nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=False),
        sa.Column("rater", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("policy_version", sa.String(), nullable=True),
        sa.Column("golden_version", sa.Integer(), nullable=True),
        sa.Column("label_id", sa.String(), nullable=True),
        sa.Column("taken_at", TIME, nullable=True),
        sa.Column("answered_at", TIME, nullable=False),
        sa.CheckConstraint(
            "verdict IN ('violating', 'benign', 'insufficient', 'no_policy')",
            name=op.f("ck_answers_verdict"),
        ),
        sa.ForeignKeyConstraint(["audit_seq"], ["audit.seq"], name=op.f("fk_answers_audit_seq")),
        sa.ForeignKeyConstraint(
            ["label_id"], ["labels.label_id"], name=op.f("fk_answers_label_id")
        ),
        sa.ForeignKeyConstraint(
            ["task_id"], ["review_tasks.task_id"], name=op.f("fk_answers_task_id")
        ),
        sa.PrimaryKeyConstraint("answer_id", name=op.f("pk_answers")),
        sa.UniqueConstraint("task_id", "rater", name=op.f("uq_answers_task_id_rater")),
    )
    op.create_index(
        op.f("ix_answers_rater_answered_at"), "answers", ["rater", "answered_at"], unique=False
    )
    op.create_index(op.f("ix_answers_unit_id"), "answers", ["unit_id"], unique=False)


def _task_views() -> None:
    op.create_table(
        "task_views",
        sa.Column("view_id", sa.String(), nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["audit_seq"], ["audit.seq"], name=op.f("fk_task_views_audit_seq")),
        sa.ForeignKeyConstraint(
            ["task_id"], ["review_tasks.task_id"], name=op.f("fk_task_views_task_id")
        ),
        sa.PrimaryKeyConstraint("view_id", name=op.f("pk_task_views")),
    )
    op.create_index(op.f("ix_task_views_person_at"), "task_views", ["person", "at"], unique=False)
