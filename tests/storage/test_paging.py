"""A long list is read to its end, each row once, also while rows come and go."""

import base64
from collections.abc import Iterator

import pytest
from sqlalchemy import column, false, select, table, text
from sqlalchemy.orm import Session

from clutch.errors import InvalidInput
from storage.cluster import Database
from storage.paging import page_of
from storage.session import open_engine

NUMBERS = table("number", column("kind"), column("number"))


@pytest.fixture
def session(postgis: Database) -> Iterator[Session]:
    engine = open_engine(postgis.url)
    with Session(engine) as session:
        session.execute(
            text(
                "CREATE TEMP TABLE number AS"
                " SELECT number % 3 AS kind, number FROM generate_series(1, 25) AS number"
            )
        )
        yield session
    engine.dispose()


def encoded(bookmark: str) -> str:
    return base64.urlsafe_b64encode(bookmark.encode()).decode().rstrip("=")


def listed() -> object:
    return select(NUMBERS.c.kind, NUMBERS.c.number).order_by(
        NUMBERS.c.kind.desc(), NUMBERS.c.number
    )


def test_pages_hold_each_row_once_in_order(session: Session) -> None:
    seen, cursor, sizes = [], None, []
    while True:
        page = page_of(session, listed(), limit=10, cursor=cursor)
        seen += [row.number for row in page.rows]
        sizes.append(len(page.rows))
        cursor = page.next_cursor
        if cursor is None:
            break
        session.execute(text("DELETE FROM number WHERE number = :seen"), {"seen": seen[0]})
    assert sizes == [10, 10, 5]
    assert seen == sorted(range(1, 26), key=lambda number: (-(number % 3), number))


def test_an_empty_list_is_one_empty_page(session: Session) -> None:
    empty = page_of(session, select(NUMBERS).where(false()).order_by(NUMBERS.c.number))
    assert empty == ([], None)


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "bm90IGEgY3Vyc29y", "Pm46eA", "ش", "<", ">i:1", "A" * 999, encoded(">i:1~i:1")],
)
def test_a_cursor_of_no_list_is_refused(session: Session, cursor: str) -> None:
    with pytest.raises(InvalidInput, match="cursor: expected a `next_cursor` of this list"):
        page_of(session, listed(), cursor=cursor)


@pytest.mark.parametrize(
    "bookmark",
    [
        *("", "x", ">x", ">x,x", ">\r", ">i:1", ">i:1~s:x", ">i:1~i:2~i:3", ">i:1~q:2"),
        *(">b:AAAA~b:AAAA", ">s:\r~i:1", ">true~i:1", "<i:1~i:1"),
    ],
)
def test_a_cursor_that_was_altered_is_refused(session: Session, bookmark: str) -> None:
    given = page_of(session, listed(), limit=1).next_cursor
    assert given is not None
    mark = base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)).decode().partition(">")[0]
    expected = "cursor: expected a `next_cursor` of this list"
    with pytest.raises(InvalidInput, match=expected), session.begin_nested():
        page_of(session, listed(), cursor=encoded(mark + bookmark))


def test_the_cursor_of_a_list_in_another_order_is_refused(session: Session) -> None:
    other = select(NUMBERS.c.number, NUMBERS.c.kind).order_by(
        NUMBERS.c.number, NUMBERS.c.kind.desc()
    )
    theirs = page_of(session, other, limit=1).next_cursor
    assert len(page_of(session, other, cursor=theirs).rows) == 20
    with pytest.raises(InvalidInput, match="cursor: expected a `next_cursor` of this list"):
        page_of(session, listed(), cursor=theirs)
