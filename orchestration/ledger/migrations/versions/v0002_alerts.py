"""Alerts as the reducer keeps them, what was taken in, and what receivers know of it.

No released version wrote these tables' rows, so they are made anew.
"""

import sqlalchemy as sa
from alembic import op

from orchestration.ledger.migrations.remake import drop_empty

revision = "0002"
down_revision = "0001"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables, those that others refer to first."""
    drop_empty("alert_findings", "alerts", "intake")
    _alerts()
    _alert_findings()
    _intake()
    _threads()
    _told()
    op.add_column("labels", sa.Column("code", sa.String(), nullable=True))


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.String(), nullable=False),
        sa.Column("dedup_key", sa.String(), nullable=False),
        sa.Column("monitor", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("harm", sa.String(), nullable=False),
        sa.Column("entity_type", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("worst", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("first_seen", TIME, nullable=False),
        sa.Column("last_seen", TIME, nullable=False),
        sa.Column("last_partition", TIME, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("retracted", sa.Integer(), nullable=False),
        sa.Column("late", sa.Integer(), nullable=False),
        sa.Column("raises", sa.Integer(), nullable=False),
        sa.Column("fires", sa.Integer(), nullable=False),
        sa.Column("flaps", sa.Integer(), nullable=False),
        sa.Column("lapses", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("ack_by", sa.String(), nullable=True),
        sa.Column("ack_at", TIME, nullable=True),
        sa.Column("ack_until", TIME, nullable=True),
        sa.Column("silenced_by", sa.JSON(), nullable=False),
        sa.Column("inhibited_by", sa.JSON(), nullable=False),
        sa.Column("shadow", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "state IN ('pending', 'firing', 'acked', 'resolved', 'closed')",
            name=op.f("ck_alerts_state"),
        ),
        sa.CheckConstraint("severity BETWEEN 0 AND 3", name=op.f("ck_alerts_severity")),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_alerts")),
    )
    op.create_index(op.f("ix_alerts_monitor"), "alerts", ["monitor"], unique=False)
    op.create_index(
        "ix_alerts_one_open",
        "alerts",
        ["dedup_key"],
        unique=True,
        sqlite_where=sa.text("state <> 'closed'"),
        postgresql_where=sa.text("state <> 'closed'"),
    )
    op.create_index(op.f("ix_alerts_state"), "alerts", ["state"], unique=False)


def _alert_findings() -> None:
    op.create_table(
        "alert_findings",
        sa.Column("finding_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("alert_id", sa.String(), nullable=False),
        sa.Column("monitor", sa.String(), nullable=False),
        sa.Column("partition", TIME, nullable=False),
        sa.Column("partition_end", TIME, nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("subkey", sa.String(), nullable=True),
        sa.Column("window_start", TIME, nullable=False),
        sa.Column("window_end", TIME, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('new', 'duplicate', 'amended', 'retracted')",
            name=op.f("ck_alert_findings_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alerts.alert_id"], name=op.f("fk_alert_findings_alert_id")
        ),
        sa.ForeignKeyConstraint(
            ["audit_seq"], ["audit.seq"], name=op.f("fk_alert_findings_audit_seq")
        ),
        sa.PrimaryKeyConstraint("finding_id", "revision", name=op.f("pk_alert_findings")),
    )
    op.create_index(
        op.f("ix_alert_findings_alert_id"), "alert_findings", ["alert_id"], unique=False
    )
    op.create_index(
        op.f("ix_alert_findings_monitor_partition"),
        "alert_findings",
        ["monitor", "partition"],
        unique=False,
    )


def _intake() -> None:
    op.create_table(
        "intake",
        sa.Column("monitor", sa.String(), nullable=False),
        sa.Column("partition", TIME, nullable=False),
        sa.Column("partition_end", TIME, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("as_of", TIME, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("intent", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("findings", sa.Integer(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "status IN ('complete', 'stale', 'failed')", name=op.f("ck_intake_status")
        ),
        sa.ForeignKeyConstraint(["audit_seq"], ["audit.seq"], name=op.f("fk_intake_audit_seq")),
        sa.PrimaryKeyConstraint("monitor", "partition", "partition_end", name=op.f("pk_intake")),
    )
    op.create_index(op.f("ix_intake_partition_end"), "intake", ["partition_end"], unique=False)


def _threads() -> None:
    op.create_table(
        "threads",
        sa.Column("thread_id", sa.String(), nullable=False),
        sa.Column("group_key", sa.String(), nullable=False),
        sa.Column("receiver", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("ts", sa.String(), nullable=True),
        sa.Column("shown", sa.String(), nullable=True),
        sa.Column("assigned_to", sa.String(), nullable=True),
        sa.Column("closed_at", TIME, nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("thread_id", name=op.f("pk_threads")),
    )
    op.create_index(
        op.f("ix_threads_group_key_receiver"), "threads", ["group_key", "receiver"], unique=False
    )


def _told() -> None:
    op.create_table(
        "told",
        sa.Column("group_key", sa.String(), nullable=False),
        sa.Column("receiver", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("state_hash", sa.String(), nullable=False),
        sa.Column("marks", sa.JSON(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("thread_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["threads.thread_id"], name=op.f("fk_told_thread_id")
        ),
        sa.PrimaryKeyConstraint("group_key", "receiver", name=op.f("pk_told")),
    )
    op.create_index(op.f("ix_told_thread_id"), "told", ["thread_id"], unique=False)
