"""What the provider keeps: payments, and events that wait to be sent. One SQLite file.

It outlives the process, as a real provider outlives its merchants' restarts, and several processes
may share it.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from sandbox.cards import Behaviour
from sandbox.ledger import Payment

__all__ = ["Books", "WaitingEvent"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS payment (
    reference TEXT PRIMARY KEY, merchant_reference TEXT UNIQUE NOT NULL, content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS event (
    event_id TEXT PRIMARY KEY, notify_url TEXT NOT NULL, body BLOB NOT NULL,
    send_at REAL NOT NULL, attempts INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS event_send_at ON event (send_at);
"""


class WaitingEvent(NamedTuple):
    """A message for the merchant, and how often it was tried."""

    event_id: str
    notify_url: str
    body: bytes
    attempts: int


class Books:
    """An open file of books; one for each thread."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=10)
        self._connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Do all that the block does, or nothing; nobody else writes meanwhile."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def payment(self, reference: str) -> Payment | None:
        """Return a payment by the provider's reference."""
        return self._found("SELECT content FROM payment WHERE reference = ?", reference)

    def of_merchant(self, merchant_reference: str) -> Payment | None:
        """Return a payment by the merchant's reference."""
        return self._found(
            "SELECT content FROM payment WHERE merchant_reference = ?", merchant_reference
        )

    def _found(self, statement: str, key: str) -> Payment | None:
        row = self._connection.execute(statement, (key,)).fetchone()
        return None if row is None else _payment(orjson.loads(row[0]))

    def keep(self, payment: Payment) -> None:
        """Keep a payment as it is now."""
        self._connection.execute(
            "INSERT INTO payment VALUES (?, ?, ?)"
            " ON CONFLICT (reference) DO UPDATE SET content = excluded.content",
            (payment.reference, payment.merchant_reference, orjson.dumps(asdict(payment))),
        )

    def queue(self, event: WaitingEvent, *, send_at: float) -> None:
        """Have an event sent at `send_at` (seconds since 1970)."""
        self._connection.execute(
            "INSERT INTO event (event_id, notify_url, body, attempts, send_at)"
            " VALUES (?, ?, ?, ?, ?)",
            (*event, send_at),
        )

    def take_due(self, now: float, *, until: float) -> list[WaitingEvent]:
        """Take the events that are due; others leave them alone until `until`."""
        with self.changing():
            rows = self._connection.execute(
                "SELECT event_id, notify_url, body, attempts FROM event WHERE send_at <= ?"
                " ORDER BY send_at LIMIT 20",
                (now,),
            ).fetchall()
            self._connection.executemany(
                "UPDATE event SET send_at = ?, attempts = attempts + 1 WHERE event_id = ?",
                [(until, row[0]) for row in rows],
            )
        return [WaitingEvent(*row) for row in rows]

    def forget(self, event_id: str) -> None:
        """Drop an event that was taken, or given up."""
        self._connection.execute("DELETE FROM event WHERE event_id = ?", (event_id,))

    def postpone(self, event_id: str, *, send_at: float) -> None:
        """Send an event again later."""
        self._connection.execute(
            "UPDATE event SET send_at = ? WHERE event_id = ?", (send_at, event_id)
        )


def _payment(content: dict[str, Any]) -> Payment:
    return Payment(**{**content, "behaviour": Behaviour(content["behaviour"])})
