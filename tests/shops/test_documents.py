import io
import time
import zlib
from contextlib import suppress

import pytest
from PIL import Image

from shops.documents import BadDocument, cleaned_document

HEAD, TAIL = b"%PDF-1.7\n", b"\n%%EOF"


@pytest.mark.parametrize(
    "name",
    [
        b"/JavaScript",
        b"/Launch",
        b"/EmbeddedFile",
        b"/EmbeddedFiles",
        b"/RichMedia",
        b"/XFA",
        b"/Encrypt",
    ],
)
def test_each_kind_of_action_is_found_however_it_is_written(name: bytes) -> None:
    escaped = b"/" + b"".join(b"#%02x" % sign for sign in name[1:])
    for written in (name, escaped, name[:2] + escaped[4:]):
        with pytest.raises(BadDocument):
            cleaned_document(HEAD + b"<< /S " + written + b" >>" + TAIL)


def test_names_that_only_begin_alike_are_fine() -> None:
    cleaned_document(HEAD + b"<< /Launcher 1 /EncryptMetadata true >>" + TAIL)


@pytest.mark.parametrize("repeated", [b"stream", b"/ObjStm", b"/ObjStm /FlateDecode stream", b"#4"])
def test_a_document_made_to_be_slow_is_not(repeated: bytes) -> None:
    content = HEAD + repeated * (5_000_000 // len(repeated)) + TAIL
    begun = time.process_time()
    with suppress(BadDocument):
        cleaned_document(content)
    assert time.process_time() - begun < 3


@pytest.mark.parametrize("more", [b"/Pad (" + b"x" * 5_000 + b")", b"/DecodeParms << >>"])
def test_what_is_packed_is_looked_through_or_refused(more: bytes) -> None:
    packed = zlib.compress(b"<< /S /JavaScript >>")
    head = b"1 0 obj << /Type /ObjStm " + more + b" /Filter /FlateDecode >> stream\n"
    with pytest.raises(BadDocument):
        cleaned_document(HEAD + head + packed + b"\nendstream endobj" + TAIL)


def test_where_its_photos_were_taken_is_blanked_and_nothing_moves() -> None:
    exif = Image.Exif()
    exif[0x010F] = "a telephone"
    exif.get_ifd(0x8825)[2] = (30.0, 2.0, 39.84)
    photo = io.BytesIO()
    xmp = b"<x:xmpmeta>at home</x:xmpmeta>"
    Image.new("RGB", (16, 8), "red").save(photo, "JPEG", exif=exif, xmp=xmp)
    head = b"1 0 obj << /Subtype /Image /Filter /DCTDecode >> stream\n"
    sent = HEAD + head + photo.getvalue() + b"\nendstream endobj" + TAIL
    assert b"a telephone" in sent
    assert b"at home" in sent
    kept = cleaned_document(sent)
    assert len(kept) == len(sent)
    assert b"a telephone" not in kept
    assert b"at home" not in kept
    begin = kept.index(b"\xff\xd8")
    with Image.open(io.BytesIO(kept[begin : begin + len(photo.getvalue())])) as shown:
        assert not shown.getexif()
        assert shown.convert("RGB").getpixel((4, 4)) == (254, 0, 0)


def test_what_follows_the_end_is_cut_off_but_for_blanks() -> None:
    whole = HEAD + b"<< /Type /Catalog >>" + TAIL
    assert cleaned_document(whole + b"\r\n\x00") == whole + b"\r\n\x00"
    assert cleaned_document(whole + b"\nPK\x03\x04") == whole


@pytest.mark.parametrize("content", [b"%PDF-", b"%PDF-%%EOF", HEAD, b"<html>" + HEAD + TAIL])
def test_a_document_begins_and_ends_as_one(content: bytes) -> None:
    with pytest.raises(BadDocument):
        cleaned_document(content)
