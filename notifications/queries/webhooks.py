"""The SQL of partners' webhooks.

Reads/Writes: webhook_endpoint, webhook_delivery.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, any_, delete, insert, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from storage.paging import Page, page_of
from storage.tables.notifications import WebhookDelivery, WebhookEndpoint

__all__ = [
    "DeliveryRow",
    "EndpointRow",
    "add_deliveries",
    "add_endpoint",
    "change_endpoint",
    "delete_deliveries_before",
    "delete_endpoint",
    "delivery_for_update",
    "delivery_page",
    "endpoint",
    "endpoint_for_update",
    "endpoint_page",
    "endpoints_for_update",
    "set_delivery",
    "subscribed",
]


class EndpointRow(NamedTuple):
    """Where a partner hears of events."""

    endpoint_id: UUID
    name: str
    url: str
    events: list[str]
    secrets: list[str]
    active: bool
    created_at: dt.datetime


class DeliveryRow(NamedTuple):
    """A message to an endpoint, and how far it came."""

    webhook_delivery_id: UUID
    endpoint_id: UUID
    event: str
    payload: dict[str, Any]
    status: str
    attempts: int
    last_status_code: int | None
    last_error: str | None
    created_at: dt.datetime
    finished_at: dt.datetime | None


_ENDPOINT = [getattr(WebhookEndpoint, name) for name in EndpointRow._fields]
_DELIVERY = [getattr(WebhookDelivery, name) for name in DeliveryRow._fields]


def add_endpoint(session: Session, row: EndpointRow) -> bool:
    """Keep a new endpoint; False where another has its name."""
    new = upsert(WebhookEndpoint).values(row._asdict())
    kept = new.on_conflict_do_nothing(index_elements=["name"])
    return session.execute(kept.returning(WebhookEndpoint.endpoint_id)).first() is not None


def endpoint(session: Session, endpoint_id: UUID) -> EndpointRow | None:
    """Return an endpoint."""
    row = session.execute(
        select(*_ENDPOINT).where(WebhookEndpoint.endpoint_id == endpoint_id)
    ).first()
    return None if row is None else EndpointRow._make(row)


def endpoint_for_update(session: Session, endpoint_id: UUID) -> EndpointRow | None:
    """Return an endpoint, locked until the commit."""
    row = session.execute(
        select(*_ENDPOINT).where(WebhookEndpoint.endpoint_id == endpoint_id).with_for_update()
    ).first()
    return None if row is None else EndpointRow._make(row)


def endpoints_for_update(session: Session) -> list[EndpointRow]:
    """Return every endpoint, all locked until the commit."""
    rows = select(*_ENDPOINT).order_by(WebhookEndpoint.endpoint_id).with_for_update()
    return [EndpointRow._make(row) for row in session.execute(rows)]


def change_endpoint(session: Session, endpoint_id: UUID, values: Mapping[str, Any]) -> None:
    """Write some columns of an endpoint."""
    session.execute(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.endpoint_id == endpoint_id)
        .values(dict(values))
    )


def delete_endpoint(session: Session, endpoint_id: UUID) -> bool:
    """Delete an endpoint and the messages to it; False where there is no such endpoint."""
    gone = delete(WebhookEndpoint).where(WebhookEndpoint.endpoint_id == endpoint_id)
    return session.execute(gone.returning(WebhookEndpoint.endpoint_id)).first() is not None


def endpoint_page(session: Session, *, limit: int, cursor: str | None) -> Page[Row[Any]]:
    """Return a page of the endpoints, newest first."""
    rows = select(*_ENDPOINT).order_by(WebhookEndpoint.endpoint_id.desc())
    return page_of(session, rows, limit=limit, cursor=cursor)


def subscribed(session: Session, event: str) -> list[UUID]:
    """Return the active endpoints that hear of an event."""
    rows = select(WebhookEndpoint.endpoint_id).where(
        WebhookEndpoint.active, literal(event) == any_(WebhookEndpoint.events)
    )
    return list(session.scalars(rows.order_by(WebhookEndpoint.endpoint_id)))


def add_deliveries(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep messages that are to be delivered."""
    session.execute(insert(WebhookDelivery), list(rows))


def delivery_for_update(session: Session, webhook_delivery_id: UUID) -> DeliveryRow | None:
    """Return a message, locked until the commit."""
    row = session.execute(
        select(*_DELIVERY)
        .where(WebhookDelivery.webhook_delivery_id == webhook_delivery_id)
        .with_for_update()
    ).first()
    return None if row is None else DeliveryRow._make(row)


def set_delivery(session: Session, webhook_delivery_id: UUID, **values: Any) -> None:
    """Write some columns of a message."""
    session.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.webhook_delivery_id == webhook_delivery_id)
        .values(values)
    )


def delivery_page(
    session: Session, endpoint_id: UUID, *, status: str | None, limit: int, cursor: str | None
) -> Page[Row[Any]]:
    """Return a page of the messages to an endpoint, newest first."""
    rows = select(*_DELIVERY).where(WebhookDelivery.endpoint_id == endpoint_id)
    if status is not None:
        rows = rows.where(WebhookDelivery.status == status)
    newest = rows.order_by(WebhookDelivery.webhook_delivery_id.desc())
    return page_of(session, newest, limit=limit, cursor=cursor)


def delete_deliveries_before(session: Session, before: dt.datetime) -> None:
    """Delete the messages that ended before an instant."""
    session.execute(delete(WebhookDelivery).where(WebhookDelivery.finished_at < before))
