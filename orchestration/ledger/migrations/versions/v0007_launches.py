"""Launches: what was tried out, what was kept of runs, who let pass and who signed."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables, those that others refer to first."""
    _backtests()
    _launch_reports()
    _launch_signatures()
    _launch_waivers()
    _red_findings()
    _seeded_runs()
    _trials()


def _backtests() -> None:
    op.create_table(
        "backtests",
        sa.Column("backtest_id", sa.String(), nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("monitor", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("starts_at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        sa.Column("findings", sa.BigInteger(), nullable=False),
        sa.Column("a_day", sa.Float(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["audit_seq"], ["audit.seq"], name=op.f("fk_backtests_audit_seq")),
        sa.PrimaryKeyConstraint("backtest_id", name=op.f("pk_backtests")),
    )
    op.create_index(
        op.f("ix_backtests_monitor_version"), "backtests", ["monitor", "version"], unique=False
    )


def _launch_reports() -> None:
    op.create_table(
        "launch_reports",
        sa.Column("report_id", sa.String(), nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("outcomes", sa.JSON(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["audit_seq"], ["audit.seq"], name=op.f("fk_launch_reports_audit_seq")
        ),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_launch_reports")),
    )
    op.create_index(
        op.f("ix_launch_reports_product_stage"),
        "launch_reports",
        ["product", "stage"],
        unique=False,
    )


def _launch_signatures() -> None:
    op.create_table(
        "launch_signatures",
        sa.Column("signature_id", sa.String(), nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("signer", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["audit_seq"], ["audit.seq"], name=op.f("fk_launch_signatures_audit_seq")
        ),
        sa.PrimaryKeyConstraint("signature_id", name=op.f("pk_launch_signatures")),
    )
    op.create_index(
        op.f("ix_launch_signatures_product"), "launch_signatures", ["product"], unique=False
    )


def _launch_waivers() -> None:
    op.create_table(
        "launch_waivers",
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("expires", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["audit_seq"], ["audit.seq"], name=op.f("fk_launch_waivers_audit_seq")
        ),
        sa.UniqueConstraint(
            "product", "digest", "person", name=op.f("uq_launch_waivers_product_digest_person")
        ),
    )


def _red_findings() -> None:
    op.create_table(
        "red_findings",
        sa.Column("finding_id", sa.String(), nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.Column("closed_at", TIME, nullable=True),
        sa.Column("closed_as", sa.String(), nullable=True),
        sa.CheckConstraint(
            "closed_as IN ('mended', 'accepted')", name=op.f("ck_red_findings_closed_as")
        ),
        sa.ForeignKeyConstraint(
            ["audit_seq"], ["audit.seq"], name=op.f("fk_red_findings_audit_seq")
        ),
        sa.PrimaryKeyConstraint("finding_id", name=op.f("pk_red_findings")),
    )
    op.create_index(op.f("ix_red_findings_product"), "red_findings", ["product"], unique=False)


def _seeded_runs() -> None:
    op.create_table(
        "seeded_runs",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("seeds", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("monitor", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("of", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["audit_seq"], ["audit.seq"], name=op.f("fk_seeded_runs_audit_seq")
        ),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_seeded_runs")),
    )
    op.create_index(
        op.f("ix_seeded_runs_monitor_version"), "seeded_runs", ["monitor", "version"], unique=False
    )


def _trials() -> None:
    op.create_table(
        "trials",
        sa.Column("trial_id", sa.String(), nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("nonce", sa.String(), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("seen", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("answered_at", TIME, nullable=True),
        sa.CheckConstraint(
            "kind IN ('route', 'kill_switch', 'appeal')", name=op.f("ck_trials_kind")
        ),
        sa.ForeignKeyConstraint(["audit_seq"], ["audit.seq"], name=op.f("fk_trials_audit_seq")),
        sa.PrimaryKeyConstraint("trial_id", name=op.f("pk_trials")),
    )
    op.create_index(op.f("ix_trials_kind_about"), "trials", ["kind", "about"], unique=False)
