"""Columns of the ledger's tables, and the metadata that gathers them."""

from typing import TypeVar

from sqlalchemy import Column, ForeignKey, MetaData, String
from sqlalchemy.types import TypeEngine

T = TypeVar("T")
metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def key(name: str) -> Column[str]:
    """A text of the primary key."""
    return Column(name, String, primary_key=True)


def must(name: str, type_: type[TypeEngine[T]], references: str | None = None) -> Column[T]:
    """A column that every row fills."""
    foreign = [ForeignKey(references)] if references else []
    return Column(name, type_, *foreign, nullable=False)


def may(name: str, type_: type[TypeEngine[T]], references: str | None = None) -> Column[T]:
    """A column that may be null."""
    foreign = [ForeignKey(references)] if references else []
    return Column(name, type_, *foreign, nullable=True)
