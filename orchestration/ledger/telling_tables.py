"""Tables of telling: what waits to be sent, where it went, and who is to be told next."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
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

# One row per thing to be done outside the ledger. Whoever holds the lease does it.
outbox = Table(
    "outbox",
    metadata,
    key("outbox_id"),
    must("audit_seq", BigInteger, "audit.seq"),
    must("kind", String),
    must("receiver", String),
    must("lane", Integer),  # the lowest first
    must("payload", JSON),
    must("created_at", Utc),
    must("not_before", Utc),
    must("attempts", Integer),
    may("leased_by", String),
    may("leased_until", Utc),
    may("progress", JSON),  # which parts of it are known to have been done
    may("error", String),  # code of the last failure
    may("outcome", String),  # null while it waits
    may("done_at", Utc),  # null: still to be done
    Index(
        "ix_outbox_waiting",
        "lane",
        "not_before",
        sqlite_where=text("done_at IS NULL"),
        postgresql_where=text("done_at IS NULL"),
    ),
    Index(None, "receiver", "done_at"),
)

# One row per receiver: how much may be sent to it now, and since when it cannot be reached.
channels = Table(
    "channels",
    metadata,
    key("receiver"),
    must("tokens", Float),
    must("refilled_at", Utc),
    may("blocked_until", Utc),
    may("failing_since", Utc),
)

# One row per parent message: a group at one receiver, from its first notice until it has ended.
threads = Table(
    "threads",
    metadata,
    key("thread_id"),
    must("group_key", String),
    must("receiver", String),
    must("route", String),
    must("labels", JSON),
    must("opened_at", Utc),
    may("ts", String),  # null until the parent was sent
    may("shown", String),  # state hash that the parent shows
    may("assigned_to", String),
    may("closed_at", Utc),
    must("revision", Integer),
    Index(None, "group_key", "receiver"),
)

# One row per thread that is being escalated: the ladder and the next step of it.
escalations = Table(
    "escalations",
    metadata,
    Column("thread_id", String, primary_key=True),
    must("ladder", String),
    must("opened_at", Utc),
    must("pointer", Integer),
    may("next_at", Utc),  # null: no step is left, or it was stopped; silenced: since when it pauses
    may("stopped_by", String),
)

# One row per digest that is sent again and again: what the last one said, so that the next can
# say what is different.
digests = Table(
    "digests",
    metadata,
    key("kind"),  # `digest`, or `handover:<team>`
    key("receiver"),
    must("at", Utc),
    must("digest", String),
    must("counts", JSON),
)

# One row per fault of Watchfloor itself, from when it was first seen until it was gone.
problems = Table(
    "problems",
    metadata,
    key("problem_id"),
    must("kind", String),
    must("object", String),
    must("first_seen", Utc),
    must("last_seen", Utc),
    may("gone_at", Utc),
    must("page", Boolean),
    Index(None, "gone_at"),
)
