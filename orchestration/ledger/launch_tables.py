"""Tables of launches: what was tried out, what was kept of runs, who let pass and who signed."""

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
)

from orchestration.ledger.columns import key, may, metadata, must
from orchestration.ledger.times import Utc

# One row per drill or test of a route. `about` is the product or the channel; `seen` is in words
# of ours, with counts. A test of a route is open until its nonce comes back.
trials = Table(
    "trials",
    metadata,
    key("trial_id"),
    must("audit_seq", BigInteger, "audit.seq"),
    must("kind", String),
    must("about", String),
    may("nonce", String),  # of a route's test
    may("passed", Boolean),  # null while nothing came back
    must("seen", String),
    must("by", String),
    must("at", Utc),
    may("answered_at", Utc),
    CheckConstraint("kind IN ('route', 'kill_switch', 'appeal')", "kind"),
    Index(None, "kind", "about"),
)

# One row per backtest that somebody kept: how many findings a day a version showed.
backtests = Table(
    "backtests",
    metadata,
    key("backtest_id"),
    must("audit_seq", BigInteger, "audit.seq"),
    must("monitor", String),
    must("version", Integer),
    must("starts_at", Utc),
    must("ends_at", Utc),
    must("findings", BigInteger),
    must("a_day", Float),
    must("by", String),
    must("at", Utc),
    Index(None, "monitor", "version"),
)

# One row per run of a version on a named set of known cases.
seeded_runs = Table(
    "seeded_runs",
    metadata,
    key("run_id"),
    must("audit_seq", BigInteger, "audit.seq"),
    must("seeds", String),  # name of the set
    must("digest", String),  # of the set's rows
    must("monitor", String),
    must("version", Integer),
    must("found", Integer),
    must("of", Integer),
    must("by", String),
    must("at", Utc),
    Index(None, "monitor", "version"),
)

# One row per finding of a red team; the text stays where the evidence is.
red_findings = Table(
    "red_findings",
    metadata,
    key("finding_id"),
    must("audit_seq", BigInteger, "audit.seq"),
    must("product", String),
    must("severity", Integer),
    must("evidence", String),  # a link
    must("opened_by", String),
    must("opened_at", Utc),
    may("closed_by", String),
    may("closed_at", Utc),
    may("closed_as", String),
    CheckConstraint("closed_as IN ('mended', 'accepted')", "closed_as"),
    Index(None, "product"),
)

# One row per waiver that somebody approved, as it was then.
launch_waivers = Table(
    "launch_waivers",
    metadata,
    must("product", String),
    must("digest", String),
    must("person", String),
    must("audit_seq", BigInteger, "audit.seq"),
    must("item", String),
    must("expires", String),  # the day
    must("at", Utc),
    UniqueConstraint("product", "digest", "person"),
)

# One row per signature of a state of a product's checklist at a stage.
launch_signatures = Table(
    "launch_signatures",
    metadata,
    key("signature_id"),
    must("audit_seq", BigInteger, "audit.seq"),
    must("product", String),
    must("stage", Integer),
    must("signer", String),
    must("person", String),
    must("digest", String),
    must("at", Utc),
    Index(None, "product"),
)

# One row per report whose state was another than that of the one before; the latest counts.
launch_reports = Table(
    "launch_reports",
    metadata,
    key("report_id"),
    must("audit_seq", BigInteger, "audit.seq"),
    must("product", String),
    must("stage", Integer),
    must("verdict", String),
    must("digest", String),
    Column("outcomes", JSON, nullable=False),  # outcome by item
    must("at", Utc),
    Index(None, "product", "stage"),
)
