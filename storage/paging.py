"""Long lists a page at a time, by the key of the last row seen, not by counting rows.

A cursor is opaque to callers; it stays good while rows come and go.
"""

import base64
import csv
import datetime as dt
import zlib
from decimal import Decimal
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlakeyset import BadBookmark, InvalidPage, Marker, select_page, unserialize_bookmark
from sqlakeyset.columns import parse_ob_clause
from sqlalchemy import Select
from sqlalchemy.exc import DataError, ProgrammingError
from sqlalchemy.orm import Session
from typing_extensions import NamedTuple

from clutch.errors import InvalidInput

__all__ = ["MOST_ROWS", "Page", "page_of"]

MOST_ROWS = 100
"""The most rows a page has."""

_SORTED_BY = {str, int, float, Decimal, UUID, dt.datetime, dt.date}

Row = TypeVar("Row")


class Page(NamedTuple, Generic[Row]):
    """Some rows of a list, and the cursor that leads to those after them (None: it ends here)."""

    rows: list[Row]
    next_cursor: str | None


def page_of(
    session: Session, rows: Select[*tuple[Any, ...]], *, limit: int = 20, cursor: str | None = None
) -> Page[Any]:
    """Return the next `limit` rows after `cursor`.

    `rows` is ordered by columns that are never null, the last of them unique.

    Raises
    ------
    InvalidInput
        The cursor is not one that this list gave.
    """
    mark = _mark(rows)
    bookmark = None if cursor is None else _bookmark(cursor, mark)
    try:
        page = select_page(session, rows, per_page=min(limit, MOST_ROWS), page=bookmark)
    except (InvalidPage, DataError, ProgrammingError):
        # Made up: its values are of other types.
        if bookmark is None:
            raise
        raise _not_ours() from None
    following = page.paging.bookmark_next if page.paging.has_next else None
    return Page(list(page), None if following is None else _encoded(mark + following))


def _mark(rows: Select[*tuple[Any, ...]]) -> str:
    """Return what tells the cursors of a list from those of others: what it is ordered by."""
    keys = " ".join(each.full_name for each in parse_ob_clause(rows))
    return f"{zlib.crc32(keys.encode()):08x}"


def _not_ours() -> InvalidInput:
    return InvalidInput("cursor", "a `next_cursor` of this list")


def _bookmark(cursor: str, mark: str) -> Marker:
    try:
        marker = unserialize_bookmark(_decoded(cursor, mark))
    except (BadBookmark, ValueError, csv.Error):
        raise _not_ours() from None
    kinds = {type(value) for value in marker.place or ()}
    if marker.backwards or not kinds or kinds - _SORTED_BY:
        raise _not_ours()
    return marker


def _encoded(bookmark: str) -> str:
    return base64.urlsafe_b64encode(bookmark.encode()).decode().rstrip("=")


def _decoded(cursor: str, mark: str) -> str:
    padded = cursor + "=" * (-len(cursor) % 4)
    text = base64.b64decode(padded, b"-_", validate=True).decode()
    before, _, bookmark = text.partition(mark)
    if before or not bookmark:
        raise ValueError
    return bookmark
