"""The first tables: audit, alerts, approvals, outbox, intake, labels and tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables, those that others refer to first."""
    _audit()
    _alerts()
    _alert_findings()
    _silences()
    _approvals()
    _labels()
    _outbox()
    _intake()
    _people_tokens()


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("prev_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("on_behalf_of", sa.String(), nullable=True),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("before", sa.String(), nullable=True),
        sa.Column("after", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit"),
        sa.UniqueConstraint("prev_hash", name="uq_audit_prev_hash"),
    )
    op.create_index("ix_audit_object_seq", "audit", ["object", "seq"])


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.String(), nullable=False),
        sa.Column("dedup_key", sa.String(), nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("group_key", sa.String(), nullable=False),
        sa.Column("monitor", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("harm", sa.String(), nullable=False),
        sa.Column("entity_type", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("state_at", TIME, nullable=False),
        sa.Column("first_seen", TIME, nullable=False),
        sa.Column("last_seen", TIME, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("clean_count", sa.Integer(), nullable=False),
        sa.Column("resolve_after", sa.Integer(), nullable=False),
        sa.Column("flaps", sa.Integer(), nullable=False),
        sa.Column("silenced_by", sa.JSON(), nullable=False),
        sa.Column("inhibited_by", sa.JSON(), nullable=False),
        sa.Column("stale_source", sa.Boolean(), nullable=False),
        sa.Column("ack_by", sa.String(), nullable=True),
        sa.Column("ack_at", TIME, nullable=True),
        sa.Column("ack_until", TIME, nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('pending', 'firing', 'acked', 'resolved', 'closed')",
            name=op.f("ck_alerts_state"),
        ),
        sa.CheckConstraint("severity BETWEEN 0 AND 3", name=op.f("ck_alerts_severity")),
        sa.PrimaryKeyConstraint("alert_id", name="pk_alerts"),
        sa.UniqueConstraint("dedup_key", "episode", name="uq_alerts_dedup_key_episode"),
    )
    op.create_index("ix_alerts_group_key", "alerts", ["group_key"])
    op.create_index(
        "ix_alerts_one_open",
        "alerts",
        ["dedup_key"],
        unique=True,
        sqlite_where=sa.text("state <> 'closed'"),
        postgresql_where=sa.text("state <> 'closed'"),
    )
    op.create_index("ix_alerts_state", "alerts", ["state"])


def _alert_findings() -> None:
    op.create_table(
        "alert_findings",
        sa.Column("finding_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("alert_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("window_end", TIME, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.CheckConstraint(
            "kind IN ('new', 'amended', 'retracted')", name=op.f("ck_alert_findings_kind")
        ),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alerts.alert_id"], name="fk_alert_findings_alert_id"
        ),
        sa.PrimaryKeyConstraint("finding_id", "revision", name="pk_alert_findings"),
    )
    op.create_index("ix_alert_findings_alert_id", "alert_findings", ["alert_id"])


def _silences() -> None:
    op.create_table(
        "silences",
        sa.Column("silence_id", sa.String(), nullable=False),
        sa.Column("matchers", sa.JSON(), nullable=False),
        sa.Column("starts_at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("ticket", sa.String(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_silences_span")),
        sa.PrimaryKeyConstraint("silence_id", name="pk_silences"),
    )


def _approvals() -> None:
    op.create_table(
        "approvals",
        sa.Column("approval_id", sa.String(), nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("monitor", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("resumes", sa.String(), nullable=True),
        sa.Column("expires_at", TIME, nullable=True),
        sa.Column("approved_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.CheckConstraint(
            "mode IN ('draft', 'shadow', 'review', 'auto', 'disabled', 'deprecated')",
            name=op.f("ck_approvals_mode"),
        ),
        sa.ForeignKeyConstraint(["audit_seq"], ["audit.seq"], name="fk_approvals_audit_seq"),
        sa.PrimaryKeyConstraint("approval_id", name="pk_approvals"),
        sa.UniqueConstraint("audit_seq", name="uq_approvals_audit_seq"),
    )
    op.create_index("ix_approvals_monitor_version", "approvals", ["monitor", "version"])


def _labels() -> None:
    op.create_table(
        "labels",
        sa.Column("label_id", sa.String(), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=False),
        sa.Column("value", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("rater", sa.String(), nullable=False),
        sa.Column("inclusion_prob", sa.Float(), nullable=True),
        sa.Column("stratum", sa.String(), nullable=True),
        sa.Column("policy_version", sa.String(), nullable=True),
        sa.Column("monitor", sa.String(), nullable=False),
        sa.Column("monitor_version", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("supersedes", sa.String(), nullable=True),
        sa.CheckConstraint(
            "inclusion_prob > 0 AND inclusion_prob <= 1", name=op.f("ck_labels_inclusion_prob")
        ),
        sa.ForeignKeyConstraint(["supersedes"], ["labels.label_id"], name="fk_labels_supersedes"),
        sa.PrimaryKeyConstraint("label_id", name="pk_labels"),
    )
    op.create_index("ix_labels_monitor_monitor_version", "labels", ["monitor", "monitor_version"])
    op.create_index("ix_labels_unit_id", "labels", ["unit_id"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("outbox_id", sa.String(), nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("not_before", TIME, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("leased_by", sa.String(), nullable=True),
        sa.Column("leased_until", TIME, nullable=True),
        sa.Column("done_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["audit_seq"], ["audit.seq"], name="fk_outbox_audit_seq"),
        sa.PrimaryKeyConstraint("outbox_id", name="pk_outbox"),
    )
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["not_before"],
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )


def _intake() -> None:
    op.create_table(
        "intake",
        sa.Column("monitor", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("partition", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("intent", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("as_of", TIME, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("findings", sa.Integer(), nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["audit_seq"], ["audit.seq"], name="fk_intake_audit_seq"),
        sa.PrimaryKeyConstraint("monitor", "version", "partition", "digest", name="pk_intake"),
    )


def _people_tokens() -> None:
    op.create_table(
        "people_tokens",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("token_hash", name="pk_people_tokens"),
    )
    op.create_index("ix_people_tokens_person", "people_tokens", ["person"])
