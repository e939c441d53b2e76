"""Partners' endpoints, as administrators keep them.

Reads/Writes: webhook_endpoint, webhook_delivery, the audit log. A secret is shown when it is made
and never again, and kept sealed; a new one lives beside the old one until that is ended, so that a
partner can follow in peace.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from accounts import audit
from accounts.sealing import Seals, Unreadable
from clutch.errors import Conflict, NotFound
from clutch.ids import uuid7
from notifications import webhooks
from notifications.partner_calls import check_url
from notifications.queries import webhooks as queries
from notifications.queries.webhooks import EndpointRow

__all__ = [
    "Deliveries",
    "EndpointNameTaken",
    "EndpointOff",
    "EndpointView",
    "Endpoints",
    "NewEndpoint",
    "NewSecret",
    "StillWaiting",
    "WebhookDelivery",
    "add_endpoint",
    "change_endpoint",
    "deliveries_of",
    "end_old_secret",
    "endpoint_of",
    "list_endpoints",
    "remove_endpoint",
    "rotate_secret",
    "seal_anew",
    "send_again",
]


class EndpointNameTaken(Conflict):
    """Another endpoint has this name."""

    def __init__(self) -> None:
        super().__init__("another endpoint has this name")


class StillWaiting(Conflict):
    """The message is on its way already."""

    def __init__(self) -> None:
        super().__init__("the message is still being tried", allowed=[])


class EndpointOff(Conflict):
    """The endpoint is switched off: nothing is sent to it."""

    def __init__(self) -> None:
        super().__init__("the endpoint is switched off")


class EndpointView(TypedDict):
    """Where a partner hears of events; `secrets` is how many live, 1 or 2."""

    endpoint_id: UUID
    name: str
    url: str
    events: list[str]
    active: bool
    secrets: int
    created_at: dt.datetime


class Endpoints(TypedDict):
    """A page of the endpoints, newest first."""

    endpoints: list[EndpointView]
    next_cursor: str | None


class NewEndpoint(TypedDict):
    """A new endpoint, and the secret that its messages are signed with."""

    endpoint: EndpointView
    secret: str


class NewSecret(TypedDict):
    """The secret that an endpoint's messages are signed with from now on, beside the one before."""

    endpoint_id: UUID
    secret: str


class WebhookDelivery(TypedDict):
    """A message to an endpoint, and how far it came."""

    delivery_id: UUID
    event: str
    status: Literal["waiting", "delivered", "given_up"]
    attempts: int
    last_status_code: int | None
    last_error: str | None
    created_at: dt.datetime
    finished_at: dt.datetime | None


class Deliveries(TypedDict):
    """A page of the messages to an endpoint, newest first."""

    deliveries: list[WebhookDelivery]
    next_cursor: str | None


def add_endpoint(
    session: Session,
    *,
    name: str,
    url: str,
    events: Sequence[str],
    public_only: bool,
    seals: Seals,
    actor: str,
    now: dt.datetime,
) -> NewEndpoint:
    """Enter an endpoint; with `public_only` just HTTPS to a public server.

    Raises
    ------
    InvalidInput
        The address cannot be called.
    EndpointNameTaken
        Another endpoint has this name.
    """
    check_url(url, public_only=public_only)
    secret, endpoint_id = webhooks.new_secret(), uuid7()
    kept = [seals.sealed(secret, about=str(endpoint_id))]
    row = EndpointRow(endpoint_id, name, url, _sorted(events), kept, True, now)
    if not queries.add_endpoint(session, row):
        raise EndpointNameTaken
    _record(session, actor, "webhook_endpoint.add", row.endpoint_id, now, events=row.events)
    return {"endpoint": _view(row), "secret": secret}


def list_endpoints(session: Session, *, limit: int = 20, cursor: str | None = None) -> Endpoints:
    """Return a page of the endpoints.

    Raises
    ------
    InvalidInput
        The cursor is not one of this list.
    """
    page = queries.endpoint_page(session, limit=limit, cursor=cursor)
    return {"endpoints": [_view(row) for row in page.rows], "next_cursor": page.next_cursor}


def endpoint_of(session: Session, endpoint_id: UUID) -> EndpointView:
    """Return an endpoint.

    Raises
    ------
    NotFound
        There is no such endpoint.
    """
    row = queries.endpoint(session, endpoint_id)
    if row is None:
        raise NotFound("endpoint")
    return _view(row)


def remove_endpoint(session: Session, endpoint_id: UUID, *, actor: str, now: dt.datetime) -> None:
    """Remove an endpoint with its secrets and its log; what still waits for it is not sent.

    Raises
    ------
    NotFound
        There is no such endpoint.
    """
    if not queries.delete_endpoint(session, endpoint_id):
        raise NotFound("endpoint")
    _record(session, actor, "webhook_endpoint.remove", endpoint_id, now)


def change_endpoint(
    session: Session,
    endpoint_id: UUID,
    *,
    url: str,
    events: Sequence[str],
    active: bool,
    public_only: bool,
    actor: str,
    now: dt.datetime,
) -> EndpointView:
    """Change where an endpoint is, what it hears of, and whether it hears at all.

    Raises
    ------
    InvalidInput
        The address cannot be called.
    NotFound
        There is no such endpoint.
    """
    check_url(url, public_only=public_only)
    row = _locked(session, endpoint_id)
    changed = row._replace(url=url, events=_sorted(events), active=active)
    facts: dict[str, Any] = {"url": url, "events": changed.events, "active": active}
    queries.change_endpoint(session, endpoint_id, facts)
    _record(
        session,
        actor,
        "webhook_endpoint.change",
        endpoint_id,
        now,
        events=changed.events,
        active=active,
        moved=url != row.url,
    )
    return _view(changed)


def rotate_secret(
    session: Session, endpoint_id: UUID, *, seals: Seals, actor: str, now: dt.datetime
) -> NewSecret:
    """Give an endpoint a new secret; the oldest, which the partner knows, lives on beside it.

    One that cannot be read any more does not.

    Raises
    ------
    NotFound
        There is no such endpoint.
    """
    row, secret = _locked(session, endpoint_id), webhooks.new_secret()
    oldest = [each for each in row.secrets[-1:] if _is_readable(each, str(endpoint_id), seals)]
    kept = [seals.sealed(secret, about=str(endpoint_id)), *oldest]
    queries.change_endpoint(session, endpoint_id, {"secrets": kept})
    _record(session, actor, "webhook_endpoint.rotate_secret", endpoint_id, now)
    return {"endpoint_id": endpoint_id, "secret": secret}


def end_old_secret(
    session: Session, endpoint_id: UUID, *, actor: str, now: dt.datetime
) -> EndpointView:
    """Leave an endpoint with its newest secret alone.

    Raises
    ------
    NotFound
        There is no such endpoint.
    """
    row = _locked(session, endpoint_id)
    changed = row._replace(secrets=row.secrets[:1])
    if changed != row:
        queries.change_endpoint(session, endpoint_id, {"secrets": changed.secrets})
        _record(session, actor, "webhook_endpoint.end_old_secret", endpoint_id, now)
    return _view(changed)


def seal_anew(session: Session, *, seals: Seals) -> int:
    """Seal with the newest key what an older one sealed, or none; return at how many endpoints.

    What cannot be read is left as it is.
    """
    changed = 0
    for row in queries.endpoints_for_update(session):
        kept = [_newly_sealed(each, str(row.endpoint_id), seals) for each in row.secrets]
        if kept != row.secrets:
            queries.change_endpoint(session, row.endpoint_id, {"secrets": kept})
            changed += 1
    return changed


def _newly_sealed(kept: str, about: str, seals: Seals) -> str:
    if seals.is_newest(kept, about=about) or not _is_readable(kept, about, seals):
        return kept
    return seals.sealed(seals.opened(kept, about=about), about=about)


def _is_readable(kept: str, about: str, seals: Seals) -> bool:
    try:
        seals.opened(kept, about=about)
    except Unreadable:
        return False
    return True


def deliveries_of(
    session: Session,
    endpoint_id: UUID,
    *,
    status: str | None = None,
    limit: int = 20,
    cursor: str | None = None,
) -> Deliveries:
    """Return a page of the messages to an endpoint.

    Raises
    ------
    InvalidInput
        The cursor is not one of this list.
    NotFound
        There is no such endpoint.
    """
    if queries.endpoint(session, endpoint_id) is None:
        raise NotFound("endpoint")
    page = queries.delivery_page(session, endpoint_id, status=status, limit=limit, cursor=cursor)
    return {"deliveries": [_delivery(row) for row in page.rows], "next_cursor": page.next_cursor}


def send_again(
    session: Session, endpoint_id: UUID, delivery_id: UUID, *, actor: str, now: dt.datetime
) -> WebhookDelivery:
    """Send a message once more, whether it was taken or given up; its id stays the same.

    Raises
    ------
    NotFound
        There is no such message to this endpoint.
    StillWaiting
        It is on its way already.
    EndpointOff
        The endpoint is switched off.
    """
    row = queries.delivery_for_update(session, delivery_id)
    if row is None or row.endpoint_id != endpoint_id:
        raise NotFound("delivery")
    if row.status == "waiting":
        raise StillWaiting
    endpoint = queries.endpoint(session, endpoint_id)
    if endpoint is None or not endpoint.active:
        raise EndpointOff
    facts: dict[str, Any] = {"status": "waiting", "attempts": 0, "finished_at": None}
    queries.set_delivery(session, delivery_id, **facts)
    webhooks.deliver(session, delivery_id)
    _record(session, actor, "webhook_endpoint.send_again", endpoint_id, now)
    return _delivery(row._replace(**facts))


def _locked(session: Session, endpoint_id: UUID) -> EndpointRow:
    row = queries.endpoint_for_update(session, endpoint_id)
    if row is None:
        raise NotFound("endpoint")
    return row


def _record(
    session: Session, actor: str, act: str, endpoint_id: UUID, now: dt.datetime, **detail: Any
) -> None:
    subject = f"webhook_endpoint:{endpoint_id}"
    audit.record(session, actor=actor, act=act, subject=subject, now=now, **detail)


def _sorted(events: Sequence[str]) -> list[str]:
    return sorted(set(events))


def _view(row: Any) -> EndpointView:
    return {
        "endpoint_id": row.endpoint_id,
        "name": row.name,
        "url": row.url,
        "events": row.events,
        "active": row.active,
        "secrets": len(row.secrets),
        "created_at": row.created_at,
    }


def _delivery(row: Any) -> WebhookDelivery:
    return {
        "delivery_id": row.webhook_delivery_id,
        "event": row.event,
        "status": row.status,
        "attempts": row.attempts,
        "last_status_code": row.last_status_code,
        "last_error": row.last_error,
        "created_at": row.created_at,
        "finished_at": row.finished_at,
    }
