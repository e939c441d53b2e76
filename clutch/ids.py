"""Identifiers: UUIDv7, which rise with time and can be made by whoever makes the row.

Pure but for the clock and chance that such an id stands for.
"""

from uuid import UUID

import uuid_utils

__all__ = ["uuid7"]


def uuid7() -> UUID:
    """Return a new id.

    Examples
    --------
    >>> uuid7().version, uuid7() < uuid7()
    (7, True)
    """
    return UUID(int=uuid_utils.uuid7().int)
