"""A model's parts as bytes: a line with the format and a checksum, then JSON. No pickle.

Numbers come back exactly as they were: JSON holds the shortest text that reads as the same float.
Pure.
"""

import hashlib
from dataclasses import fields
from typing import Any

import numpy as np
import orjson

from clutch.errors import ClutchError

__all__ = ["ModelUnreadable", "pack", "unpack"]

_FORMAT = b"clutch-delivery-time-1"


class ModelUnreadable(ClutchError):
    """The bytes are not a delivery time model that this version can read."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"this is not a readable delivery time model: {reason}")


def pack(parts: dict[str, Any]) -> bytes:
    """Return `parts` (plain values, arrays, or dataclasses of them) as bytes.

    Examples
    --------
    >>> unpack(pack({"centre": (31.2, 30.0), "level": np.array([0.1])}))
    {'centre': [31.2, 30.0], 'level': [0.1]}
    """
    body = orjson.dumps({name: _plain(part) for name, part in parts.items()})
    return b" ".join([_FORMAT, _checksum(body)]) + b"\n" + body


def unpack(data: bytes) -> dict[str, Any]:
    """Return the parts that `pack` was given, dataclasses as dicts and arrays as lists.

    Raises
    ------
    ModelUnreadable
        The bytes were cut, changed, or written in another format.

    Examples
    --------
    >>> unpack(b"")
    Traceback (most recent call last):
    matching.delivery_time.stored.ModelUnreadable: this is not a readable delivery time model: ...
    """
    head, _, body = bytes(data).partition(b"\n")
    written_as, _, checksum = head.partition(b" ")
    if written_as != _FORMAT:
        raise ModelUnreadable(f"it does not start with {_FORMAT.decode()}")
    if checksum != _checksum(body):
        raise ModelUnreadable("its checksum does not match: it was cut or changed")
    parts: dict[str, Any] = orjson.loads(body)
    return parts


def _checksum(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode()


def _plain(part: Any) -> Any:
    if isinstance(part, np.ndarray):
        return part.tolist()
    if hasattr(part, "__dataclass_fields__"):
        return {field.name: _plain(getattr(part, field.name)) for field in fields(part)}
    return part
