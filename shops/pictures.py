"""Photos made safe to pass on: decoded, and written anew with nothing but their pixels.

What a phone hides in a photo goes: where it was taken, on what, a thumbnail of what was cut away,
anything after its end. Turning it as its EXIF says comes first. Pure.
"""

import io
import math

from PIL import Image, ImageOps, UnidentifiedImageError

__all__ = ["BadPicture", "cleaned_picture"]

MOST_PIXELS = 64_000_000
"""The most a picture may have: what it takes to decode is some 250 MB at a time."""

MOST_SIDE = 4_096
"""The most pixels along a side that are kept: enough to read a document."""

_QUALITY = 88
_UNREADABLE = (
    UnidentifiedImageError,
    OSError,
    SyntaxError,
    ValueError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
_MODES = {"JPEG": ("RGB", "L"), "PNG": ("RGB", "RGBA", "L"), "WEBP": ("RGB", "RGBA")}


class BadPicture(ValueError):
    """It cannot be decoded, or is too large to be."""


def cleaned_picture(content: bytes, format: str) -> bytes:
    """Return a picture of that format (JPEG, PNG, WEBP) with nothing but its pixels, upright.

    Only the first is kept of several pictures in a file.

    Raises
    ------
    BadPicture
        It cannot be decoded, or has more than `MOST_PIXELS`.
    """
    try:
        with Image.open(io.BytesIO(content), formats=[format]) as picture:
            if math.prod(picture.size) > MOST_PIXELS:
                raise BadPicture
            # A JPEG is decoded at a fraction of its size where that is enough.
            picture.draft(None, (MOST_SIDE, MOST_SIDE))
            upright = ImageOps.exif_transpose(picture)
            return _written(upright, format)
    except _UNREADABLE:
        raise BadPicture from None


def _written(picture: Image.Image, format: str) -> bytes:
    modes = _MODES[format]
    if picture.mode not in modes:
        has_holes = "A" in picture.getbands() or "transparency" in picture.info
        picture = picture.convert("RGBA" if has_holes and "RGBA" in modes else "RGB")
    picture.thumbnail((MOST_SIDE, MOST_SIDE))
    # Writers take comments, profiles and XMP from here.
    picture.info = {}
    written = io.BytesIO()
    picture.save(written, format, quality=_QUALITY)
    return written.getvalue()
