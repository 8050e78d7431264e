"""Event contracts: typed, documented columns of one kind of event."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from monitors.errors import ContractError

TIMESTAMP = pl.Datetime("us", "UTC")
Type = pl.DataType | type[pl.DataType]


def schema(columns: Mapping[str, Type]) -> pl.Schema:
    """Schema of the columns; a name apart, because Polars' own types refuse a mixed mapping."""
    return pl.Schema(dict(columns))


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an event contract.

    `null` says what a missing value means; None says that a row without a value is malformed.
    `minimum` and `maximum` bound the values that can be true; a row outside is quarantined.
    """

    name: str
    dtype: Type
    doc: str
    unit: str | None = None
    null: str | None = None
    minimum: float | None = None
    maximum: float | None = None

    @property
    def required(self) -> bool:
        """Whether a row without this value is malformed."""
        return self.null is None


COMMON = (
    Column("event_id", pl.String, "Unique id of the event within product and contract."),
    Column("occurred_at", TIMESTAMP, "When it happened."),
    Column("received_at", TIMESTAMP, "When Watchfloor, or the log before it, received it."),
    Column("product", pl.String, "Product on which it happened."),
    Column("account_id", pl.String, "Account that acted.", null="nobody was signed in"),
    Column("device_id", pl.String, "Device fingerprint.", null="none was taken"),
    Column("ip", pl.String, "Network address of the client.", null="not logged"),
    Column("asn", pl.Int64, "Autonomous system of `ip`.", null="not looked up", minimum=0),
    Column("country", pl.String, "ISO 3166-1 alpha-2 of `ip`.", null="not looked up"),
    Column("user_agent", pl.String, "Client software as it names itself.", null="none was sent"),
    Column(
        "source_occurred_at", TIMESTAMP, "Time in the original log.", null="time was not shifted"
    ),
    Column("extra", pl.String, "JSON object of columns the contract does not name.", null="none"),
)
TEXT_COMMON = COMMON[:4]


@dataclass(frozen=True)
class Contract:
    """The columns that every event of one kind has, on every product.

    `columns` follow the common ones. `text` columns hold what people wrote: they are kept in a
    table of their own, `<name>_text`, joined by event_id, readable by monitors that name it, and
    pruned after `text_retention_days`. `account` is the column that compaction sorts by.
    """

    name: str
    doc: str
    columns: tuple[Column, ...]
    text: tuple[Column, ...] = ()
    account: str = "account_id"
    common: tuple[Column, ...] = COMMON
    text_retention_days: int = 30

    def __post_init__(self) -> None:
        names = [column.name for column in (*self.all_columns, *self.text)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ContractError(
                f"Contract '{self.name}' names the columns {twice} twice; give each one name."
            )

    @cached_property
    def all_columns(self) -> tuple[Column, ...]:
        """Common columns, then the contract's own; without restricted text."""
        return (*self.common, *self.columns)

    @cached_property
    def schema(self) -> pl.Schema:
        """Polars schema of the events table."""
        return pl.Schema({column.name: column.dtype for column in self.all_columns})

    @cached_property
    def text_schema(self) -> pl.Schema:
        """Polars schema of the restricted text table; empty where the contract has no text."""
        if not self.text:
            return pl.Schema()
        return pl.Schema({column.name: column.dtype for column in (*TEXT_COMMON, *self.text)})

    def empty(self) -> pl.DataFrame:
        """An events table without rows."""
        return pl.DataFrame(schema=self.schema)
