"""Events to the merchant: signed, sent again until they are taken, and as unruly as the card asks.

Each carries all that is known of its payment, as it was when it happened.
"""

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import orjson
from standardwebhooks import Webhook

from clutch.ids import uuid7
from sandbox.books import Books, WaitingEvent
from sandbox.cards import Behaviour
from sandbox.ledger import Payment

__all__ = ["Pace", "queue_event", "sending"]

_MOST_ATTEMPTS = 12
_CLAIM_SECONDS = 60.0


class Pace:
    """How fast things go, in seconds; a demonstration is slower than a test."""

    def __init__(self, *, late: float = 20.0, retry: float = 5.0, look: float = 0.2) -> None:
        self.late = late
        self.retry = retry
        self.look = look


def queue_event(
    books: Books,
    kind: str,
    payment: Payment,
    *,
    before: Payment,
    notify_url: str,
    pace: Pace,
    now: dt.datetime,
) -> None:
    """Queue the event `payment.<kind>` in the books that are being changed.

    `before` is the payment as it was: the old news that a reordering card sends again.
    """
    event = WaitingEvent(_new_id(), notify_url, _body(kind, payment, now), 0)
    at = now.timestamp()
    match payment.behaviour:
        case Behaviour.LOST:
            # It counts as tried once, with nobody the wiser.
            books.queue(event._replace(attempts=1), send_at=at + pace.retry)
            return
        case Behaviour.LATE:
            books.queue(event, send_at=at + pace.late)
            return
    books.queue(event, send_at=at)
    if payment.behaviour is Behaviour.DOUBLED:
        books.queue(event._replace(event_id=_new_id()), send_at=at + pace.look)
    if payment.behaviour is Behaviour.REORDERED and before.status != "open":
        stale = _body(before.status, before, now)
        books.queue(event._replace(event_id=_new_id(), body=stale), send_at=at + pace.look)


def _new_id() -> str:
    return f"evt_{uuid7().hex}"


def _body(kind: str, payment: Payment, now: dt.datetime) -> bytes:
    event = {"type": f"payment.{kind}", "timestamp": now.isoformat(), "data": payment.shown()}
    return orjson.dumps(event)


@contextmanager
def sending(path: Path, *, secret: str, pace: Pace) -> Iterator[None]:
    """Send the events of these books in a thread for as long as the block lasts."""
    stop = threading.Event()
    arguments = (path, Webhook(secret), pace, stop)
    thread = threading.Thread(target=_send_until, args=arguments, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        # Not for long: it may be waiting for an answer of the very process that stops.
        thread.join(timeout=1)


def _send_until(path: Path, signer: Webhook, pace: Pace, stop: threading.Event) -> None:
    while not path.exists():
        if stop.wait(pace.look):
            return
    books = Books(path)
    with httpx.Client(timeout=10, trust_env=False) as http:
        while not stop.wait(pace.look):
            now = dt.datetime.now(dt.UTC)
            due = books.take_due(now.timestamp(), until=now.timestamp() + _CLAIM_SECONDS)
            for event in due:
                if _taken(http, signer, event, now) or event.attempts >= _MOST_ATTEMPTS:
                    books.forget(event.event_id)
                else:
                    wait = pace.retry * 2**event.attempts
                    books.postpone(event.event_id, send_at=now.timestamp() + wait)
    books.close()


def _taken(http: httpx.Client, signer: Webhook, event: WaitingEvent, now: dt.datetime) -> bool:
    headers = {
        "content-type": "application/json",
        "webhook-id": event.event_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signer.sign(event.event_id, now, event.body.decode()),
    }
    with suppress(httpx.HTTPError):
        return http.post(event.notify_url, content=event.body, headers=headers).is_success
    return False
