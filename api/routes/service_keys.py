"""`/admin/service-keys`: the keys by which programs call."""

import datetime as dt
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from accounts import service_keys
from accounts.service_keys import Keys, KeyView, NewKey
from api.access import Admin
from api.acting import IdempotencyKey, acting, answer, once
from api.bodies import JsonRoute
from api.problems import MISSING, REFUSED
from api.schemas.accounts import NewServiceKey
from api.schemas.pages import Cursor, PageSize

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/admin/service-keys", tags=["accounts"], route_class=JsonRoute)


@router.post(
    "",
    name="add_service_key",
    status_code=201,
    response_model=NewKey,
    responses=REFUSED,
)
def add(
    request: Request, body: NewServiceKey, caller: Admin, key: IdempotencyKey = None
) -> Response:
    """Make a key; the answer is the only time that it is seen.

    It is kept only where an `Idempotency-Key` was given, so that the request can be sent again:
    sealed, and for 48 hours.
    """

    def act(session: Session) -> NewKey:
        return service_keys.add_key(
            session,
            name=body.name,
            role=body.role,
            scopes=body.scopes,
            actor=caller.name,
            now=dt.datetime.now(dt.UTC),
        )

    return once(request, caller, key, act, secret=True)


@router.get("", name="list_service_keys", response_model=Keys)
def list_all(
    request: Request, caller: Admin, limit: PageSize = 20, cursor: Cursor = None
) -> Response:
    """Return keys by name, the revoked ones too, without the keys themselves."""
    with acting(request, caller) as session:
        return answer(service_keys.list_keys(session, limit=limit, cursor=cursor))


@router.delete(
    "/{service_key_id}",
    name="revoke_service_key",
    response_model=KeyView,
    responses=MISSING,
)
def revoke(request: Request, service_key_id: UUID, caller: Admin) -> Response:
    """End a key: the next request with it is refused. Its name stays taken."""
    now = dt.datetime.now(dt.UTC)
    with acting(request, caller) as session:
        return answer(service_keys.revoke_key(session, service_key_id, actor=caller.name, now=now))
