"""Files that people upload: known by what is in them, not by what they are called.

Reads/Writes: stored_file. `cleaned` is pure and takes a while: call it before the transaction.
"""

import datetime as dt
import hashlib
import re
from typing import Literal, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from clutch.errors import InvalidInput, NotFound
from clutch.ids import uuid7
from shops.documents import BadDocument, cleaned_document
from shops.pictures import MOST_PIXELS, BadPicture, cleaned_picture
from shops.queries import uploads as rows
from shops.queries.uploads import FileRow

__all__ = [
    "MOST_BYTES",
    "Cleaned",
    "FileView",
    "Purpose",
    "cleaned",
    "content_of",
    "file_for",
    "file_view",
    "store",
]

MOST_BYTES = 10 * 1024 * 1024

Purpose = Literal["shop_document", "part_photo", "proof_of_delivery"]

_PDF = "application/pdf"
_EXPECTED = "a JPEG, PNG or WebP picture, or a PDF document"
_PICTURE = "a JPEG, PNG or WebP picture"
_MOST_NAME = 120
# Also the marks that turn the direction of text: `gpj.exe` would read `exe.jpg`.
_UNPRINTABLE = re.compile(r'[\x00-\x1f\x7f-\x9f"\\/\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]')
_ENDINGS = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/webp": (".webp",),
    _PDF: (".pdf",),
}


class Cleaned(NamedTuple):
    """What is kept of a file."""

    media_type: str
    content: bytes


class FileView(TypedDict):
    """What is known of a file; `sha256` in hexadecimal, of what is kept."""

    file_id: UUID
    purpose: Purpose
    name: str
    media_type: str
    size: int
    sha256: str
    created_at: dt.datetime


def cleaned(content: bytes, purpose: Purpose) -> Cleaned:
    """Return what to keep of a file: pictures written anew, PDFs without what is hidden in them.

    Raises
    ------
    InvalidInput
        It is neither, too large, or a PDF that acts; only shops' documents may be PDFs.
    """
    if not 0 < len(content) <= MOST_BYTES:
        raise InvalidInput("file", f"1 to {MOST_BYTES} bytes")
    kind = _kind(content)
    if kind == "PDF" and purpose == "shop_document":
        try:
            return Cleaned(_PDF, cleaned_document(content))
        except BadDocument:
            raise InvalidInput(
                "file", "a PDF that is whole, not encrypted, without scripts, files or actions"
            ) from None
    if kind in (None, "PDF"):
        raise InvalidInput("file", _EXPECTED if purpose == "shop_document" else _PICTURE)
    return Cleaned(f"image/{kind.lower()}", _clean(content, kind))


def store(
    session: Session, *, user_id: UUID, purpose: Purpose, name: str, file: Cleaned, now: dt.datetime
) -> FileView:
    """Keep a file of a person."""
    row = FileRow(
        file_id=uuid7(),
        user_id=user_id,
        purpose=purpose,
        name=_plain_name(name, file.media_type),
        media_type=file.media_type,
        size_bytes=len(file.content),
        sha256=hashlib.sha256(file.content).digest(),
        created_at=now,
    )
    rows.add_file(session, row, file.content)
    return file_view(row)


def file_for(session: Session, file_id: UUID) -> FileRow:
    """Return a file, whoever may see it: that is for the caller to say.

    Raises
    ------
    NotFound
        There is no such file.
    """
    found = rows.files(session, [file_id])
    if not found:
        raise NotFound("file")
    return found[0]


def content_of(session: Session, file: FileRow) -> bytes:
    """Return what is in a file."""
    return rows.content(session, file.file_id)


def file_view(row: FileRow) -> FileView:
    """Return what its owner is told of a file."""
    return {
        "file_id": row.file_id,
        "purpose": row.purpose,  # type: ignore[typeddict-item]  # the table allows no other
        "name": row.name,
        "media_type": row.media_type,
        "size": row.size_bytes,
        "sha256": row.sha256.hex(),
        "created_at": row.created_at,
    }


def _plain_name(name: str, media_type: str) -> str:
    """Return a name that is safe to save under: it ends as what the file is, so opens as that."""
    plain = _UNPRINTABLE.sub("_", name).strip(". ") or "file"
    endings = _ENDINGS[media_type]
    if not plain.lower().endswith(endings):
        plain += endings[0]
    return plain[-_MOST_NAME:]


def _kind(content: bytes) -> str | None:
    """Return what a file begins like."""
    if content.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "WEBP"
    return "PDF" if content.startswith(b"%PDF-") else None


def _clean(content: bytes, kind: str) -> bytes:
    try:
        written = cleaned_picture(content, kind)
    except BadPicture:
        raise InvalidInput(
            "file", f"a picture that is whole, of at most {MOST_PIXELS // 1_000_000} megapixels"
        ) from None
    if len(written) > MOST_BYTES:
        raise InvalidInput("file", f"a picture that takes at most {MOST_BYTES} bytes as {kind}")
    return written
