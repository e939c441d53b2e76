"""`/notifications/*`: the inbox of whoever calls, what they chose, and sending to many."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from api.access import Admin, SignedIn
from api.acting import IdempotencyKey, acting, answer, once
from api.bodies import JsonRoute
from api.problems import MISSING
from api.schemas.notifications import ChoicesBody, SendBody, Type
from api.schemas.pages import Cursor, PageSize
from notifications import choices, errands, inbox, sending
from notifications.choices import Choices
from notifications.errands import Attempts
from notifications.inbox import Inbox, ReadMark, ReadMarks
from notifications.sending import Sent

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/notifications", tags=["notifications"], route_class=JsonRoute)


@router.get("", name="list_notifications", response_model=Inbox)
def list_all(
    request: Request,
    caller: SignedIn,
    unread: Annotated[bool, Query(description="Only what was not read yet.")] = False,
    type: Annotated[Type | None, Query(description="Only what is of this type.")] = None,
    limit: PageSize = 20,
    cursor: Cursor = None,
) -> Response:
    """Return the caller's inbox, newest first, and how much of it is unread."""
    with acting(request, caller) as session:
        return answer(
            inbox.inbox_of(
                session, caller.person, unread=unread, type=type, limit=limit, cursor=cursor
            )
        )


@router.put("/read", name="read_all_notifications", response_model=ReadMarks)
def read_all(request: Request, caller: SignedIn) -> Response:
    """Mark all of the caller's inbox as read."""
    now = dt.datetime.now(dt.UTC)
    with acting(request, caller) as session:
        return answer(inbox.read_all(session, caller.person, now=now))


@router.put(
    "/{notification_id}/read",
    name="read_notification",
    response_model=ReadMark,
    responses=MISSING,
)
def read(request: Request, notification_id: UUID, caller: SignedIn) -> Response:
    """Mark an entry as read; once read, it stays read since then."""
    now = dt.datetime.now(dt.UTC)
    with acting(request, caller) as session:
        return answer(inbox.read(session, caller.person, notification_id, now=now))


@router.post(
    "/send",
    name="send_notification",
    status_code=201,
    response_model=Sent,
    responses=MISSING,
)
def send(request: Request, body: SendBody, caller: Admin, key: IdempotencyKey = None) -> Response:
    """Tell up to 1,000 people by their ids, a shop's staff, or everybody of a role.

    Each reads it in their language. The answer says what became of it for each of the first
    thousand; `more_follow` when jobs tell the rest of a role.
    """
    now = dt.datetime.now(dt.UTC)

    def act(session: Session) -> Sent:
        what = (body.type, body.texts(), body.data)
        if body.user_ids is not None:
            return sending.send_to_people(session, body.user_ids, *what, now=now)
        if body.shop_id is not None:
            return sending.send_to_shop(session, body.shop_id, *what, now=now)
        return sending.send_to_role(session, str(body.role), *what, now=now)

    return once(request, caller, key, act)


@router.get(
    "/{notification_id}/attempts",
    name="list_notification_attempts",
    response_model=Attempts,
    responses=MISSING,
)
def attempts(request: Request, notification_id: UUID, caller: Admin) -> Response:
    """Return what was tried to bring an entry to its owner: each device, text or e-mail."""
    with acting(request, caller) as session:
        return answer(errands.attempts_of(session, notification_id))


@router.get("/choices", name="get_notification_choices", response_model=Choices)
def get_choices(request: Request, caller: SignedIn) -> Response:
    """Return for which types the caller wants push."""
    with acting(request, caller) as session:
        return answer(choices.choices_of(session, caller.person))


@router.put("/choices", name="change_notification_choices", response_model=Choices)
def change_choices(request: Request, body: ChoicesBody, caller: SignedIn) -> Response:
    """Switch push on or off for types; those left out stay as they are. The inbox holds all."""
    with acting(request, caller) as session:
        return answer(choices.change_choices(session, caller.person, body.push))
