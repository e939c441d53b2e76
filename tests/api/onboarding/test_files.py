"""Uploads: told by what is in them, without what phones hide in photos, for those they concern."""

import hashlib
import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

ORIENTATION, GPS, MAKE = 0x0112, 0x8825, 0x010F
PDF = b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\ntrailer << >>\n%%EOF\n"


def fetched(caller: Any, uploaded: Any) -> Any:
    assert uploaded.status_code == 201, uploaded.text
    return caller.http.get(f"/api/v1/files/{uploaded.json()['file_id']}")


def exif(orientation: int = 1) -> Image.Exif:
    found = Image.Exif()
    found[ORIENTATION] = orientation
    found[MAKE] = "a telephone"
    found.get_ifd(GPS)[2] = (30.0, 2.0, 39.84)
    return found


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_where_a_photo_was_taken_is_gone_and_it_is_upright(
    applicant: Any, draw: Callable[..., bytes], format: str
) -> None:
    sent = draw(format, (40, 20), exif=exif(orientation=6))
    assert b"a telephone" in sent
    kept = fetched(applicant, applicant.upload(sent, purpose="part_photo")).content
    assert b"a telephone" not in kept
    with Image.open(io.BytesIO(kept)) as picture:
        assert picture.format == format
        assert not picture.getexif()
        # Turned a quarter clockwise: what was left and red is at the top.
        assert picture.size == (20, 40)
        red, green, _ = picture.convert("RGB").getpixel((10, 5))
        assert (red > 200, green < 60) == (True, True)


def test_comments_texts_and_what_follows_the_end_are_gone(
    applicant: Any, draw: Callable[..., bytes]
) -> None:
    from_phone = draw("JPEG", comment=b"at home", xmp=b"<x:xmpmeta>at home</x:xmpmeta>")
    with_script = draw("PNG") + b"<script>at home</script>"
    for sent in (from_phone, with_script):
        assert b"at home" in sent
        assert b"at home" not in fetched(applicant, applicant.upload(sent)).content


def test_what_is_answered_is_what_is_kept(applicant: Any, draw: Callable[..., bytes]) -> None:
    uploaded = applicant.upload(draw("PNG"), purpose="part_photo", name="../../قطعة\r\n.exe")
    view = uploaded.json()
    shown = fetched(applicant, uploaded)
    assert (view["media_type"], view["purpose"]) == ("image/png", "part_photo")
    assert view["size"] == len(shown.content)
    assert view["sha256"] == hashlib.sha256(shown.content).hexdigest()
    assert not set('\r\n/\\"') & set(view["name"])
    assert shown.headers["content-type"] == "image/png"
    assert shown.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["content-security-policy"] == "default-src 'none'; sandbox"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("tax card.PDF", "tax card.PDF"),
        ("card.html", "card.html.pdf"),
        ("cardfdp.exe", "cardfdp.exe.pdf"),
        ("card\u202efdp.exe", "card_fdp.exe.pdf"),
        ("..", "file.pdf"),
        ("x" * 200, "x" * 116 + ".pdf"),
    ],
)
def test_a_file_is_named_after_what_is_in_it(applicant: Any, name: str, kept: str) -> None:
    assert applicant.upload(PDF, name=name).json()["name"] == kept


def test_a_large_photo_is_kept_smaller(applicant: Any, draw: Callable[..., bytes]) -> None:
    kept = fetched(applicant, applicant.upload(draw("JPEG", (6_000, 1_000)))).content
    with Image.open(io.BytesIO(kept)) as picture:
        assert max(picture.size) <= 4_096


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_pictures_of_every_kind_are_kept(applicant: Any, mode: str) -> None:
    written = io.BytesIO()
    Image.new(mode, (8, 8)).save(written, "JPEG" if mode == "CMYK" else "PNG")
    assert fetched(applicant, applicant.upload(written.getvalue())).status_code == 200


def bomb(side: int) -> bytes:
    """A PNG of a few bytes that claims to have `side` pixels along each side."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(1_000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


def object_stream(text: bytes) -> bytes:
    packed = zlib.compress(text)
    return (
        b"%PDF-1.7\n1 0 obj << /Type /ObjStm /Filter /FlateDecode >> stream\n"
        + packed
        + b"\nendstream endobj\n%%EOF"
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"<html><script>alert(1)</script></html>",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"GIF89a" + bytes(100),
        b"MZ" + bytes(100),
        b"PK\x03\x04" + bytes(100),
        b"\xff\xd8\xff\xe0 not a picture",
        b"\x89PNG\r\n\x1a\n not a picture",
        b"RIFF\x00\x00\x00\x00WEBP not a picture",
        b"<html>" + PDF,
        PDF.replace(b"%%EOF", b""),
        PDF.replace(b"/Catalog", b"/Catalog /OpenAction << /S /JavaScript /JS (x) >>"),
        PDF.replace(b"/Catalog", b"/Catalog /OpenAction << /S /#4aava#53cript >>"),
        PDF.replace(b"/Catalog", b"/Catalog /AA << /S /Launch >>"),
        PDF.replace(b"trailer << >>", b"trailer << /Encrypt 5 0 R >>"),
        object_stream(b"<< /S /JavaScript >>"),
        object_stream(b"fine").replace(b"/FlateDecode", b"/LZWDecode"),
        object_stream(b"fine")[:-25] + b"endstream %%EOF",
        bomb(9_000),
        bomb(10_000),
        bomb(100_000),
    ],
)
def test_what_is_no_picture_or_quiet_document_is_refused(
    place: Any, applicant: Any, content: bytes
) -> None:
    refused = applicant.upload(content, name="card.jpg")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "file")
    assert place.town.rows(
        "SELECT count(*) FROM stored_file WHERE user_id = :id", id=applicant.person.user_id
    ) == [(0,)]


def test_documents_may_be_pdf_and_photos_may_not(applicant: Any) -> None:
    for content in (PDF, object_stream(b"<< /Type /Page >>")):
        shown = fetched(applicant, applicant.upload(content, name="card.pdf"))
        assert (shown.content, shown.headers["content-type"]) == (content, "application/pdf")
        assert applicant.upload(content, purpose="part_photo").status_code == 422


def test_a_file_has_at_most_ten_mebibytes(applicant: Any) -> None:
    most = 10 * 1024 * 1024
    filling = PDF.replace(b"%%EOF", b"%" + b"x" * (most - len(PDF) - 2) + b"\n%%EOF")
    assert len(filling) == most
    assert applicant.upload(filling).status_code == 201
    refused = applicant.upload(b"%" + filling)
    assert (refused.status_code, refused.json()["type"]) == (413, "urn:clutch:problem:too-large")


def test_the_form_holds_a_file_and_its_purpose(applicant: Any, draw: Callable[..., bytes]) -> None:
    files = {"file": ("a.jpg", draw())}
    post = applicant.http.post
    assert post("/api/v1/files", files=files).json()["errors"][0]["field"] == "purpose"
    other = post("/api/v1/files", files=files, data={"purpose": "avatar"})
    assert other.json()["errors"][0]["field"] == "purpose"
    assert post("/api/v1/files", data={"purpose": "part_photo"}).status_code == 415
    text = post("/api/v1/files", files={"purpose": (None, "part_photo"), "file": (None, "text")})
    assert (text.status_code, text.json()["errors"]) == (
        422,
        [{"field": "file", "expected": "a file"}],
    )
    more = post("/api/v1/files", files=files, data={"purpose": "part_photo", "more": "x"})
    assert more.json()["errors"][0]["field"] == "more"
    assert post("/api/v1/files", json={}).status_code == 415
    broken = {"Content-Type": "multipart/form-data"}
    assert post("/api/v1/files", content=b"--x", headers=broken).status_code == 400


def test_strangers_are_refused_before_their_file_is_read(place: Any) -> None:
    refused = place.client().post(
        "/api/v1/files", content=b"not a form", headers={"Content-Type": "multipart/form-data"}
    )
    assert refused.status_code == 401


def test_sent_again_it_is_kept_once(place: Any, applicant: Any, draw: Any) -> None:
    key = {"Idempotency-Key": "upload-0001"}
    first = applicant.upload(draw(), headers=key)
    again = applicant.upload(draw(), headers=key)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert applicant.upload(draw("PNG"), headers=key).status_code == 422
    assert place.town.rows(
        "SELECT count(*) FROM stored_file WHERE user_id = :id", id=applicant.person.user_id
    ) == [(1,)]


def test_a_file_is_its_owners_and_the_administrators(
    place: Any, applicant: Any, admin: Any
) -> None:
    path = f"/api/v1/files/{applicant.upload().json()['file_id']}"
    missing = applicant.http.get("/api/v1/files/00000000-0000-7000-8000-000000000000")
    other = place.caller().http.get(path)
    shop = place.caller(role="shop_owner", shop_id=place.town.shop()).http.get(path)
    assert (other.status_code, other.content) == (404, missing.content)
    assert (shop.status_code, shop.content) == (404, missing.content)
    assert place.client().get(path).status_code == 401
    assert admin.http.get(path).status_code == 200
