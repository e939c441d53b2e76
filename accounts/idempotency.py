"""A creating request is done once, however often it is sent: its answer is kept with its effect.

Reads/Writes: idempotency_key, in the transaction of the effect. A second request under the same key
waits for the first to commit and is then given its answer.
"""

import datetime as dt
from typing import NamedTuple

from sqlalchemy.orm import Session

from accounts import queries
from clutch.errors import InvalidInput

__all__ = ["KeptAnswer", "KeyReused", "claim", "keep"]


class KeyReused(InvalidInput):
    """The key was used for another request before."""

    def __init__(self) -> None:
        super().__init__("Idempotency-Key", "a key of its own for each request")


class KeptAnswer(NamedTuple):
    """What was answered the first time."""

    status: int
    body: bytes


def claim(
    session: Session, *, caller: str, key: str, request_hash: bytes, now: dt.datetime
) -> KeptAnswer | None:
    """Take `key` for this transaction, or return what was answered under it.

    Raises
    ------
    KeyReused
        The key stands for another request.
    """
    if queries.add_idempotency_key(session, caller, key, request_hash, now):
        return None
    kept = queries.idempotency_key(session, caller, key)
    if kept.request_hash != request_hash:
        raise KeyReused
    return KeptAnswer(kept.status or 0, kept.body or b"")


def keep(session: Session, *, caller: str, key: str, status: int, body: bytes) -> None:
    """Keep the answer under the key that this transaction claimed."""
    queries.keep_answer(session, caller, key, status, body)
