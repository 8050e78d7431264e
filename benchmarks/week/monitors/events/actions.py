"""Event contract `actions`: everything that accounts do on six products, as the benchmark has it.

Ids are dictionary codes, as ingestion may give them: the names are joined back on findings only.
"""

import polars as pl

from monitors.columns import TIMESTAMP, Column, Contract

COUNTRIES = tuple(sorted(f"{a}{b}" for a in "ABCDEFGH" for b in "QRSTUVWX"))[:60]
TYPES = (
    "message_sent",
    "prompt",
    "message_delivered",
    "login",
    "payment",
    "signup",
    "payment_failed",
    "listing_create",
    "upload",
    "password_reset",
    "profile_edit",
    "key_create",
)

CONTRACT = Contract(
    name="actions",
    doc="What an account did on a product.",
    common=(
        Column("event_id", pl.String, "Unique id of the event."),
        Column("occurred_at", TIMESTAMP, "When it happened."),
        Column("product", pl.String, "Product on which it happened."),
        Column("account_id", pl.UInt32, "Code of the account that acted."),
        Column("device_id", pl.UInt32, "Code of the device."),
        Column("ip", pl.UInt32, "IPv4 address."),
        Column("asn", pl.UInt32, "Autonomous system of `ip`."),
        Column("country", pl.Enum(COUNTRIES), "Code of the country of `ip`."),
        Column("user_agent", pl.String, "Client software as it names itself."),
    ),
    columns=(
        Column("event_type", pl.Enum(TYPES), "What was done, such as message_sent."),
        Column("text_hash", pl.UInt64, "Hash of the normalised text.", null="no text"),
        Column("tokens", pl.UInt32, "Tokens of a prompt."),
        Column("amount", pl.Float32, "Amount of a payment."),
        Column("classifier_score", pl.Float32, "Probability of abuse.", unit="probability"),
        Column("reported", pl.Boolean, "Whether the recipient reported it."),
    ),
)
