"""The outbox with receivers and lanes, and who is told what, how often and next.

No released version wrote these tables' rows, so they are made anew.
"""

import sqlalchemy as sa
from alembic import op

from orchestration.ledger.migrations.remake import drop_empty

revision = "0003"
down_revision = "0002"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables, those that others refer to first."""
    drop_empty("outbox")
    _outbox()
    _channels()
    _escalations()
    _digests()
    _problems()
    _configs()


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("outbox_id", sa.String(), nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("receiver", sa.String(), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("not_before", TIME, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("leased_by", sa.String(), nullable=True),
        sa.Column("leased_until", TIME, nullable=True),
        sa.Column("progress", sa.JSON(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("done_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["audit_seq"], ["audit.seq"], name=op.f("fk_outbox_audit_seq")),
        sa.PrimaryKeyConstraint("outbox_id", name=op.f("pk_outbox")),
    )
    op.create_index(
        op.f("ix_outbox_receiver_done_at"), "outbox", ["receiver", "done_at"], unique=False
    )
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["lane", "not_before"],
        unique=False,
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )


def _channels() -> None:
    op.create_table(
        "channels",
        sa.Column("receiver", sa.String(), nullable=False),
        sa.Column("tokens", sa.Float(), nullable=False),
        sa.Column("refilled_at", TIME, nullable=False),
        sa.Column("blocked_until", TIME, nullable=True),
        sa.Column("failing_since", TIME, nullable=True),
        sa.PrimaryKeyConstraint("receiver", name=op.f("pk_channels")),
    )


def _escalations() -> None:
    op.create_table(
        "escalations",
        sa.Column("thread_id", sa.String(), nullable=False),
        sa.Column("ladder", sa.String(), nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("pointer", sa.Integer(), nullable=False),
        sa.Column("next_at", TIME, nullable=True),
        sa.Column("stopped_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("thread_id", name=op.f("pk_escalations")),
    )


def _digests() -> None:
    op.create_table(
        "digests",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("receiver", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "receiver", name=op.f("pk_digests")),
    )


def _problems() -> None:
    op.create_table(
        "problems",
        sa.Column("problem_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("first_seen", TIME, nullable=False),
        sa.Column("last_seen", TIME, nullable=False),
        sa.Column("gone_at", TIME, nullable=True),
        sa.Column("page", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("problem_id", name=op.f("pk_problems")),
    )
    op.create_index(op.f("ix_problems_gone_at"), "problems", ["gone_at"], unique=False)


def _configs() -> None:
    op.create_table(
        "configs",
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("taken_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["audit_seq"], ["audit.seq"], name=op.f("fk_configs_audit_seq")),
        sa.PrimaryKeyConstraint("audit_seq", name=op.f("pk_configs")),
    )
    op.create_index(
        op.f("ix_configs_name_audit_seq"), "configs", ["name", "audit_seq"], unique=False
    )
