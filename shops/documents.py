"""PDF documents that do nothing but show themselves. Pure.

A document that is kept as it came is looked through for actions: by their names, written plainly,
with escapes, or in compressed object streams. It is a check for what should not be there, not a
virus scanner.
"""

import re
import zlib
from collections.abc import Iterator

__all__ = ["BadDocument", "check_document"]

_ACTIVE = re.compile(
    rb"/(JavaScript|Launch|EmbeddedFiles?|RichMedia|SubmitForm|ImportData|GoToE|Encrypt)(?![A-Za-z])"
)
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_TAIL = 1_024  # bytes at the end of a PDF within which readers look for its end mark
_DICTIONARY = 1_024  # bytes before a stream that hold its dictionary
_MOST_INFLATED = 32 * 1024 * 1024


class BadDocument(ValueError):
    """It is no whole PDF, is encrypted, or acts."""


def check_document(content: bytes) -> None:
    """Refuse what is no PDF that only shows itself.

    Raises
    ------
    BadDocument
        It is not whole, is encrypted, holds scripts or files, or starts programs.

    Examples
    --------
    >>> check_document(b"%PDF-1.7 << /Type /Catalog >> %%EOF")
    >>> check_document(b"%PDF-1.7 << /S /J#61vaScript >> %%EOF")
    Traceback (most recent call last):
    shops.documents.BadDocument
    """
    if not content.startswith(b"%PDF-") or b"%%EOF" not in content[-_TAIL:]:
        raise BadDocument
    for text in (content, *_object_streams(content)):
        if _ACTIVE.search(_ESCAPED.sub(_unescaped, text)):
            raise BadDocument


def _unescaped(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1], 16)])


def _object_streams(content: bytes) -> Iterator[bytes]:
    """Give what the compressed streams of objects hold, which a search would not see."""
    left = _MOST_INFLATED
    end = 0
    while (found := content.find(b"stream", end)) >= 0:
        dictionary = _ESCAPED.sub(_unescaped, content[max(end, found - _DICTIONARY) : found])
        begin = end = found + len(b"stream")
        if b"/ObjStm" not in dictionary:
            continue
        end = content.find(b"endstream", begin)
        if b"/FlateDecode" not in dictionary or end < 0 or left <= 0:
            raise BadDocument
        inflated = _inflated(content[begin:end].lstrip(b"\r\n"), left)
        left -= len(inflated)
        yield inflated


def _inflated(stream: bytes, most: int) -> bytes:
    inflater = zlib.decompressobj()
    try:
        inflated = inflater.decompress(stream, most)
    except zlib.error:
        raise BadDocument from None
    if not inflater.eof:
        raise BadDocument
    return inflated
