"""The SQL of uploaded files.

Reads/Writes: stored_file.
"""

import datetime as dt
from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from storage.tables.files import StoredFile

__all__ = ["FileRow", "add_file", "content", "files"]


class FileRow(NamedTuple):
    """What is known of a file, without what is in it."""

    file_id: UUID
    user_id: UUID
    purpose: str
    name: str
    media_type: str
    size_bytes: int
    sha256: bytes
    created_at: dt.datetime


def add_file(session: Session, row: FileRow, content: bytes) -> None:
    """Keep a file."""
    session.execute(insert(StoredFile).values(**row._asdict(), content=content))


def files(session: Session, file_ids: Collection[UUID]) -> list[FileRow]:
    """Return those of the files that there are."""
    rows = session.execute(
        select(*(getattr(StoredFile, name) for name in FileRow._fields)).where(
            StoredFile.file_id.in_(file_ids)
        )
    )
    return [FileRow._make(row) for row in rows]


def content(session: Session, file_id: UUID) -> bytes:
    """Return what is in a file that exists."""
    return session.execute(
        select(StoredFile.content).where(StoredFile.file_id == file_id)
    ).scalar_one()
