"""A creating request is done once, however often it is sent: its answer is kept with its effect.

Reads/Writes: idempotency_key, in the transaction of the effect. A second request under the same key
waits for the first to commit and is then given its answer. When the effect fails nothing is kept,
and the key is free again. An answer that holds a secret is handed over sealed.
"""

import datetime as dt
from typing import NamedTuple

from sqlalchemy.orm import Session

from accounts.queries import idempotency as queries
from clutch.errors import InvalidInput

__all__ = ["KEPT_FOR", "KeptAnswer", "KeyReused", "claim", "forget_old", "keep"]

KEPT_FOR = dt.timedelta(hours=48)
"""How long an answer can be asked for again."""


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
    while not queries.add_idempotency_key(session, caller, key, request_hash, now):
        kept = queries.idempotency_key(session, caller, key)
        if kept is None:  # purged between the two statements
            continue
        if kept.request_hash != request_hash:
            raise KeyReused
        return KeptAnswer(kept.status or 0, kept.body or b"")
    return None


def keep(session: Session, *, caller: str, key: str, status: int, body: bytes) -> None:
    """Keep the answer under the key that this transaction claimed."""
    queries.keep_answer(session, caller, key, status, body)


def forget_old(session: Session, *, now: dt.datetime) -> None:
    """Forget the answers that nobody will ask for again."""
    queries.delete_keys_before(session, now - KEPT_FOR)
