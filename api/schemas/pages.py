"""How long lists are asked for, a page at a time."""

from typing import Annotated

from fastapi import Query

from storage.paging import MOST_ROWS

__all__ = ["Cursor", "PageSize"]

PageSize = Annotated[int, Query(alias="limit", ge=1, le=MOST_ROWS, description="How many at most.")]
Cursor = Annotated[
    str | None,
    Query(max_length=1_000, description="The `next_cursor` of the page before; none at first."),
]
