"""The keys by which programs call: shown once, kept as their SHA-256, scoped, revocable.

Reads/Writes: service_key.
"""

import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session
from typing_extensions import TypedDict

from accounts import audit
from accounts.queries import service_keys as queries
from accounts.queries.service_keys import KeyRow
from clutch.errors import Conflict, NotFound
from clutch.ids import uuid7

__all__ = [
    "NAME",
    "SCOPES",
    "KeyNameTaken",
    "KeyView",
    "Keys",
    "NewKey",
    "add_key",
    "key_hash",
    "list_keys",
    "revoke_key",
]

SCOPES = {"order_service": ("matching", "orders"), "pipeline": ("models",)}
"""What a key of each role can be limited to."""

NAME = r"^[a-z0-9][a-z0-9_.-]{0,59}$"
"""What the name of a key looks like."""

_PREFIX = "clutch_"  # those who look for leaked keys know ours by it


class KeyNameTaken(Conflict):
    """A key, living or revoked, has this name already."""

    def __init__(self) -> None:
        super().__init__("a key has this name already", allowed=["another name"])


class KeyView(TypedDict):
    """A key, without the key itself."""

    service_key_id: UUID
    name: str
    role: str
    scopes: list[str]
    created_at: dt.datetime
    revoked_at: dt.datetime | None


class NewKey(KeyView):
    """A key as it is shown once."""

    key: str


class Keys(TypedDict):
    """Some keys, and the cursor that leads to more."""

    keys: list[KeyView]
    next_cursor: str | None


def key_hash(key: bytes) -> bytes:
    """Return what is kept of a key; it is random, so it needs no salt and no slow hash.

    Examples
    --------
    >>> key_hash(b"a key").hex()[:8]
    '8fa3aab2'
    """
    return hashlib.sha256(key).digest()


def add_key(
    session: Session,
    *,
    name: str,
    role: str,
    scopes: Sequence[str],
    actor: str,
    now: dt.datetime,
) -> NewKey:
    """Make a key and return it, the only time that it is seen.

    Raises
    ------
    KeyNameTaken
        Another has its name.
    """
    key = _PREFIX + secrets.token_urlsafe(32)
    row = KeyRow(uuid7(), name, role, sorted(set(scopes)), now, None)
    if not queries.add_key(session, key_hash=key_hash(key.encode()), **row._asdict()):
        raise KeyNameTaken
    _note(session, actor, "add_service_key", row, now)
    return {**_view(row), "key": key}


def list_keys(session: Session, *, limit: int, cursor: str | None) -> Keys:
    """Return keys by name, the revoked ones too."""
    page = queries.page_of_keys(session, limit=limit, cursor=cursor)
    return {
        "keys": [_view(KeyRow._make(row)) for row in page.rows],
        "next_cursor": page.next_cursor,
    }


def revoke_key(session: Session, service_key_id: UUID, *, actor: str, now: dt.datetime) -> KeyView:
    """End a key: the next request with it is refused.

    Raises
    ------
    NotFound
        There is no such key.
    """
    row = queries.revoke_key(session, service_key_id, now)
    if row is None:
        raise NotFound("service key")
    if row.revoked_at == now:
        _note(session, actor, "revoke_service_key", row, now)
    return _view(row)


def _note(session: Session, actor: str, act: str, row: KeyRow, now: dt.datetime) -> None:
    detail: dict[str, Any] = {"name": row.name, "role": row.role, "scopes": row.scopes}
    subject = f"service_key:{row.service_key_id}"
    audit.record(session, actor=actor, act=act, subject=subject, now=now, **detail)


def _view(row: KeyRow) -> KeyView:
    return {
        "service_key_id": row.service_key_id,
        "name": row.name,
        "role": row.role,
        "scopes": list(row.scopes),
        "created_at": row.created_at,
        "revoked_at": row.revoked_at,
    }
