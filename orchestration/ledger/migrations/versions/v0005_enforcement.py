"""Acting: enforcements, what limits and undoes them, and appeals."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables, those that others refer to first."""
    _protections()
    _switches()
    _batches()
    _grants()
    _notices()
    _reversals()
    _enforcements()
    _appeals()
    _strikes()


def _protections() -> None:
    op.create_table(
        "protections",
        sa.Column("entity_type", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("entity_type", "entity", name=op.f("pk_protections")),
    )


def _switches() -> None:
    op.create_table(
        "switches",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("on", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_switches")),
    )


def _batches() -> None:
    op.create_table(
        "batches",
        sa.Column("batch_id", sa.String(), nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("planned_at", TIME, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("preview", sa.JSON(), nullable=False),
        sa.Column("breach", sa.String(), nullable=True),
        sa.Column("breached_at", TIME, nullable=True),
        sa.Column("resumed_at", TIME, nullable=True),
        sa.Column("admitted_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["audit_seq"], ["audit.seq"], name=op.f("fk_batches_audit_seq")),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_batches")),
    )
    op.create_index(op.f("ix_batches_breach"), "batches", ["breach"], unique=False)


def _grants() -> None:
    op.create_table(
        "grants",
        sa.Column("grant_id", sa.String(), nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.CheckConstraint("verdict IN ('approve', 'refuse')", name=op.f("ck_grants_verdict")),
        sa.ForeignKeyConstraint(["audit_seq"], ["audit.seq"], name=op.f("fk_grants_audit_seq")),
        sa.PrimaryKeyConstraint("grant_id", name=op.f("pk_grants")),
        sa.UniqueConstraint("object", "person", name=op.f("uq_grants_object_person")),
    )


def _notices() -> None:
    op.create_table(
        "notices",
        sa.Column("notice_id", sa.String(), nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("enforcement_id", sa.String(), nullable=False),
        sa.Column("appeal_id", sa.String(), nullable=True),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("target_type", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("queued_at", TIME, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("leased_by", sa.String(), nullable=True),
        sa.Column("leased_until", TIME, nullable=True),
        sa.Column("sent_at", TIME, nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.CheckConstraint("state IN ('queued', 'sent', 'failed')", name=op.f("ck_notices_state")),
        sa.ForeignKeyConstraint(["audit_seq"], ["audit.seq"], name=op.f("fk_notices_audit_seq")),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("pk_notices")),
    )
    op.create_index(op.f("ix_notices_enforcement_id"), "notices", ["enforcement_id"], unique=False)
    op.create_index(
        op.f("ix_notices_state_queued_at"), "notices", ["state", "queued_at"], unique=False
    )


def _reversals() -> None:
    op.create_table(
        "reversals",
        sa.Column("reversal_id", sa.String(), nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("monitor", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("since", TIME, nullable=True),
        sa.Column("appeal_id", sa.String(), nullable=True),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('one', 'monitor', 'appeal')", name=op.f("ck_reversals_kind")),
        sa.ForeignKeyConstraint(["audit_seq"], ["audit.seq"], name=op.f("fk_reversals_audit_seq")),
        sa.PrimaryKeyConstraint("reversal_id", name=op.f("pk_reversals")),
    )


def _enforcements() -> None:
    op.create_table(
        "enforcements",
        sa.Column("enforcement_id", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("batch_id", sa.String(), nullable=False),
        sa.Column("decision_id", sa.String(), nullable=True),
        sa.Column("alert_id", sa.String(), nullable=True),
        sa.Column("monitor", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=True),
        sa.Column("policy_id", sa.String(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("target_type", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("action_class", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("standing", sa.Boolean(), nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("automated", sa.String(), nullable=False),
        sa.Column("lower", sa.Float(), nullable=True),
        sa.Column("n", sa.Integer(), nullable=True),
        sa.Column("needs", sa.Integer(), nullable=False),
        sa.Column("planned_at", TIME, nullable=False),
        sa.Column("not_before", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=True),
        sa.Column("approved_at", TIME, nullable=True),
        sa.Column("admitted_at", TIME, nullable=True),
        sa.Column("executing_at", TIME, nullable=True),
        sa.Column("applied_at", TIME, nullable=True),
        sa.Column("ends_at", TIME, nullable=True),
        sa.Column("reversed_at", TIME, nullable=True),
        sa.Column("reversal_id", sa.String(), nullable=True),
        sa.Column("prior", sa.String(), nullable=True),
        sa.Column("receipt", sa.String(), nullable=True),
        sa.Column("flag", sa.String(), nullable=True),
        sa.Column("leased_by", sa.String(), nullable=True),
        sa.Column("leased_until", TIME, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.CheckConstraint("mode = 'live' OR NOT standing", name=op.f("ck_enforcements_standing")),
        sa.CheckConstraint("mode IN ('dry_run', 'live')", name=op.f("ck_enforcements_mode")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.batch_id"], name=op.f("fk_enforcements_batch_id")
        ),
        sa.PrimaryKeyConstraint("enforcement_id", name=op.f("pk_enforcements")),
    )
    op.create_index(op.f("ix_enforcements_alert_id"), "enforcements", ["alert_id"], unique=False)
    op.create_index(op.f("ix_enforcements_batch_id"), "enforcements", ["batch_id"], unique=False)
    op.create_index(
        op.f("ix_enforcements_decision_id"), "enforcements", ["decision_id"], unique=False
    )
    op.create_index(
        op.f("ix_enforcements_executing_at"), "enforcements", ["executing_at"], unique=False
    )
    op.create_index(
        op.f("ix_enforcements_monitor_version"),
        "enforcements",
        ["monitor", "version"],
        unique=False,
    )
    op.create_index(
        "ix_enforcements_one_key",
        "enforcements",
        ["idempotency_key"],
        unique=True,
        sqlite_where=sa.text(
            "mode = 'live' AND state NOT IN ('reversed', 'blocked', 'expired', 'failed')"
        ),
        postgresql_where=sa.text(
            "mode = 'live' AND state NOT IN ('reversed', 'blocked', 'expired', 'failed')"
        ),
    )
    op.create_index(
        "ix_enforcements_one_standing",
        "enforcements",
        ["target_type", "target", "action_class"],
        unique=True,
        sqlite_where=sa.text("standing"),
        postgresql_where=sa.text("standing"),
    )
    op.create_index(
        op.f("ix_enforcements_reversal_id"), "enforcements", ["reversal_id"], unique=False
    )
    op.create_index(
        op.f("ix_enforcements_state_not_before"),
        "enforcements",
        ["state", "not_before"],
        unique=False,
    )
    op.create_index(op.f("ix_enforcements_target"), "enforcements", ["target"], unique=False)


def _appeals() -> None:
    op.create_table(
        "appeals",
        sa.Column("appeal_id", sa.String(), nullable=False),
        sa.Column("enforcement_id", sa.String(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("sla", sa.JSON(), nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("reviewer", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("rationale", sa.String(), nullable=True),
        sa.Column("policy_version", sa.Integer(), nullable=True),
        sa.Column("decided_at", TIME, nullable=True),
        sa.Column("notified_at", TIME, nullable=True),
        sa.Column("reversal_id", sa.String(), nullable=True),
        sa.Column("leased_by", sa.String(), nullable=True),
        sa.Column("leased_until", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["enforcement_id"],
            ["enforcements.enforcement_id"],
            name=op.f("fk_appeals_enforcement_id"),
        ),
        sa.PrimaryKeyConstraint("appeal_id", name=op.f("pk_appeals")),
        sa.UniqueConstraint("product", "reference", name=op.f("uq_appeals_product_reference")),
    )
    op.create_index(
        "ix_appeals_one_open",
        "appeals",
        ["enforcement_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('received', 'queued', 'in_review')"),
        postgresql_where=sa.text("state IN ('received', 'queued', 'in_review')"),
    )
    op.create_index(op.f("ix_appeals_state_due_at"), "appeals", ["state", "due_at"], unique=False)


def _strikes() -> None:
    op.create_table(
        "strikes",
        sa.Column("strike_id", sa.String(), nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("enforcement_id", sa.String(), nullable=False),
        sa.Column("entity_type", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("policy_id", sa.String(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("removed_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["audit_seq"], ["audit.seq"], name=op.f("fk_strikes_audit_seq")),
        sa.ForeignKeyConstraint(
            ["enforcement_id"],
            ["enforcements.enforcement_id"],
            name=op.f("fk_strikes_enforcement_id"),
        ),
        sa.PrimaryKeyConstraint("strike_id", name=op.f("pk_strikes")),
        sa.UniqueConstraint("enforcement_id", name=op.f("uq_strikes_enforcement_id")),
    )
    op.create_index(op.f("ix_strikes_entity"), "strikes", ["entity"], unique=False)
