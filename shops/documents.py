"""PDF documents that do nothing but show themselves. Pure.

A document is looked through for actions: by their names, written plainly, with escapes, or in
compressed object streams. It is a check for what should not be there, not a virus scanner. What
its photos say of where they were taken is blanked where it stands, so that nothing else moves.
"""

import re
import zlib
from collections.abc import Iterator

__all__ = ["BadDocument", "cleaned_document"]

_ACTIVE = re.compile(
    rb"/(JavaScript|Launch|EmbeddedFiles?|RichMedia|SubmitForm|ImportData|GoToE|XFA|Encrypt)(?![A-Za-z])"
)
_BEGIN = re.compile(rb"%PDF-\d\.\d")
_END = b"%%EOF"
_BLANK = b"\r\n\t \x00"
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_TAIL = 1_024  # bytes at the end of a PDF within which readers look for its end mark
_MOST_INFLATED = 32 * 1024 * 1024
# A JPEG's segment of EXIF or XMP: its mark, its length in two bytes, and how it begins.
_HIDDEN = re.compile(rb"\xff\xe1(..)(?:Exif\x00\x00|http://ns\.adobe\.com/)", re.DOTALL)


class BadDocument(ValueError):
    """It is no whole PDF, is encrypted, or acts."""


def cleaned_document(content: bytes) -> bytes:
    """Return a PDF as it is kept: without the EXIF of its photos, and what follows its end.

    Raises
    ------
    BadDocument
        It is not whole, is encrypted, holds scripts or files, or starts programs.

    Examples
    --------
    >>> cleaned_document(b"%PDF-1.7 << /Type /Catalog >> %%EOF <script>")
    b'%PDF-1.7 << /Type /Catalog >> %%EOF'
    >>> cleaned_document(b"%PDF-1.7 << /S /J#61vaScript >> %%EOF")
    Traceback (most recent call last):
    shops.documents.BadDocument
    """
    if not _BEGIN.match(content) or _END not in content[-_TAIL:]:
        raise BadDocument
    for text in (content, *_object_streams(content)):
        if _ACTIVE.search(_ESCAPED.sub(_unescaped, text)):
            raise BadDocument
    return _without_hidden(_ended(content))


def _ended(content: bytes) -> bytes:
    """Return a document without what follows its end mark, but for blanks, which may be signed."""
    end = content.rindex(_END) + len(_END)
    return content[:end] if content[end:].strip(_BLANK) else content


def _without_hidden(content: bytes) -> bytes:
    kept = bytearray(content)
    for found in _HIDDEN.finditer(content):
        begin = found.end(1)
        end = min(found.start(1) + int.from_bytes(found[1]), len(kept))
        kept[begin:end] = bytes(end - begin)
    return bytes(kept)


def _unescaped(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1], 16)])


def _object_streams(content: bytes) -> Iterator[bytes]:
    """Give what the compressed streams of objects hold, which a search would not see."""
    left = _MOST_INFLATED
    end = 0
    while (found := content.find(b"stream", end)) >= 0:
        dictionary = _ESCAPED.sub(_unescaped, content[end:found])
        begin = end = found + len(b"stream")
        if b"/ObjStm" not in dictionary:
            continue
        end = content.find(b"endstream", begin)
        # With parameters what is inflated would have to be decoded once more.
        is_plain = b"/FlateDecode" in dictionary and b"/DecodeParms" not in dictionary
        if not is_plain or end < 0 or left <= 0:
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
