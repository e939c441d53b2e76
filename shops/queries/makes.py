"""The SQL of makes, as shops name them.

Reads: make, make_alias.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from storage.tables.makes import Make, MakeAlias

__all__ = ["MakeRow", "brand_ids", "makes"]


class MakeRow(NamedTuple):
    """A make by its identifier."""

    brand_id: int
    name_en: str
    name_ar: str


def brand_ids(connection: Connection) -> dict[str, int]:
    """Return the identifier of the make by the key of each of its names."""
    rows = connection.execute(select(MakeAlias.alias_key, MakeAlias.brand_id))
    return {row.alias_key: row.brand_id for row in rows}


def makes(session: Session, wanted: Sequence[int]) -> list[MakeRow]:
    """Return those makes, in the order of their English names."""
    rows = session.execute(
        select(Make.brand_id, Make.name_en, Make.name_ar)
        .where(Make.brand_id.in_(wanted))
        .order_by(Make.name_en)
    )
    return [MakeRow._make(row) for row in rows]
