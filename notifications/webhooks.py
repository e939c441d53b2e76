"""Webhooks for partners: who hears of which events, and how each message is brought to them.

Reads/Writes: webhook_endpoint, webhook_delivery, the job `webhooks.deliver`, the audit log.
Messages are signed as standardwebhooks.com says, with every secret that lives: `webhook-id`, which
stays the same however often a message is sent, `webhook-timestamp` and `webhook-signature`. They
arrive at least once, in no promised order.
"""

import base64
import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy.orm import Session
from standardwebhooks import Webhook

from accounts import audit
from accounts.sealing import Seals, Unreadable
from clutch.ids import uuid7
from notifications.partner_calls import Answer
from notifications.queries import webhooks as queries
from notifications.queries.webhooks import DeliveryRow, EndpointRow
from storage.queue import enqueue, enqueue_all

__all__ = [
    "EVENTS",
    "WAITS_SECONDS",
    "Request",
    "deliver",
    "forget_old",
    "new_secret",
    "next_request",
    "publish",
    "settle",
]

EVENTS = ("order.status", "quote.provided", "payment.captured", "payment.refunded")
WAITS_SECONDS = (5, 60, 600, 3_600, 10_800, 28_800, 43_200)
"""How long to wait before each further try: about a day in all, then it is given up."""

_GONE = 410
_KEPT_FOR = dt.timedelta(days=30)


class Request(NamedTuple):
    """What is sent to an endpoint."""

    url: str
    headers: dict[str, str]
    body: bytes


def new_secret() -> str:
    """Return a secret to sign with, in the form that partners' libraries take."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def publish(session: Session, event: str, payload: Mapping[str, Any], *, now: dt.datetime) -> None:
    """Queue a message for every endpoint that hears of `event`; `payload` is JSON.

    Raises
    ------
    ValueError
        There is no such event.
    """
    if event not in EVENTS:
        raise ValueError(f"no event is named {event}")
    rows = [
        {
            "webhook_delivery_id": uuid7(),
            "endpoint_id": endpoint_id,
            "event": event,
            "payload": dict(payload),
            "created_at": now,
        }
        for endpoint_id in queries.subscribed(session, event)
    ]
    if not rows:
        return
    queries.add_deliveries(session, rows)
    waiting = [{"delivery_id": str(row["webhook_delivery_id"])} for row in rows]
    enqueue_all(session, "webhooks.deliver", waiting, queue="partners")


def next_request(
    session: Session, delivery_id: UUID, *, seals: Seals, now: dt.datetime
) -> Request | None:
    """Return what to send for a message; None where there is nothing left to do.

    An endpoint that was switched off is sent nothing: its message is given up.

    Raises
    ------
    Unreadable
        None of the endpoint's secrets can be read; the message waits.
    """
    delivery = queries.delivery_for_update(session, delivery_id)
    if delivery is None or delivery.status != "waiting":
        return None
    endpoint = queries.endpoint(session, delivery.endpoint_id)
    if endpoint is None or not endpoint.active:
        _end(session, delivery, "given_up", now, last_error="the endpoint is switched off")
        return None
    return _signed(delivery, endpoint, _readable(endpoint, seals), now)


def _readable(endpoint: EndpointRow, seals: Seals) -> list[str]:
    found = []
    for kept in endpoint.secrets:
        with suppress(Unreadable):
            found.append(seals.opened(kept, about=str(endpoint.endpoint_id)))
    if not found:
        raise Unreadable
    return found


def _signed(
    delivery: DeliveryRow, endpoint: EndpointRow, living: Sequence[str], now: dt.datetime
) -> Request:
    message = {"type": delivery.event, "timestamp": delivery.created_at, "data": delivery.payload}
    body = orjson.dumps(message, option=orjson.OPT_UTC_Z | orjson.OPT_SORT_KEYS)
    id, text = str(delivery.webhook_delivery_id), body.decode()
    signatures = [Webhook(secret).sign(id, now, text) for secret in living]
    headers = {
        "content-type": "application/json",
        "user-agent": "Clutch",
        "webhook-id": id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
    return Request(endpoint.url, headers, body)


def settle(session: Session, delivery_id: UUID, answer: Answer, *, now: dt.datetime) -> None:
    """Note what a partner answered, and queue the next try where it was not taken.

    An endpoint that says it is gone (410) is switched off.
    """
    delivery = queries.delivery_for_update(session, delivery_id)
    if delivery is None or delivery.status != "waiting":
        return
    attempts = delivery.attempts + 1
    facts = {
        "attempts": attempts,
        "last_status_code": answer.status_code,
        "last_error": answer.error,
    }
    if answer.error is None:
        _end(session, delivery, "delivered", now, **facts)
    elif answer.status_code == _GONE:
        _switch_off(session, delivery, now)
        _end(session, delivery, "given_up", now, **facts)
    elif attempts > len(WAITS_SECONDS):
        _end(session, delivery, "given_up", now, **facts)
    else:
        queries.set_delivery(session, delivery_id, **facts)
        wait = max(WAITS_SECONDS[attempts - 1], answer.retry_after_seconds or 0)
        deliver(session, delivery_id, at=now + dt.timedelta(seconds=wait))


def _switch_off(session: Session, delivery: DeliveryRow, now: dt.datetime) -> None:
    queries.change_endpoint(session, delivery.endpoint_id, {"active": False})
    audit.record(
        session,
        actor="platform",
        act="webhook_endpoint.gone",
        subject=f"webhook_endpoint:{delivery.endpoint_id}",
        now=now,
        delivery_id=str(delivery.webhook_delivery_id),
    )


def _end(
    session: Session, delivery: DeliveryRow, status: str, now: dt.datetime, **facts: Any
) -> None:
    queries.set_delivery(
        session, delivery.webhook_delivery_id, status=status, finished_at=now, **facts
    )


def deliver(session: Session, delivery_id: UUID, *, at: dt.datetime | None = None) -> None:
    """Queue a message that waits."""
    enqueue(session, "webhooks.deliver", at=at, queue="partners", delivery_id=str(delivery_id))


def forget_old(session: Session, *, now: dt.datetime) -> None:
    """Delete messages that were taken or given up more than 30 days ago."""
    queries.delete_deliveries_before(session, now - _KEPT_FOR)
