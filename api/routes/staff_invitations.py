"""`/staff-invitations`: the shops that ask a person to work there, and what they answer."""

import datetime as dt
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.access import Customer
from api.acting import IdempotencyKey, acting, answer, once
from api.bodies import JsonRoute
from api.problems import MISSING, MISSING_OR_REFUSED
from shops import staff_invitations

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/staff-invitations", tags=["shops"], route_class=JsonRoute)


@router.get(
    "",
    name="list_staff_invitations",
    response_model=staff_invitations.StaffInvitations,
)
def show(request: Request, caller: Customer) -> Response:
    """List the shops that invited one to work there, by a phone or address one has confirmed."""
    with acting(request, caller) as session:
        return answer(staff_invitations.invitations_of(session, caller.person))


@router.post(
    "/{invitation_id}/accept",
    name="accept_staff_invitation",
    response_model=staff_invitations.StaffInvitation,
    responses=MISSING_OR_REFUSED,
)
def accept(
    request: Request, invitation_id: UUID, caller: Customer, key: IdempotencyKey = None
) -> Response:
    """Work at the shop from now on."""
    now = dt.datetime.now(dt.UTC)
    return once(
        request,
        caller,
        key,
        lambda session: staff_invitations.accept(
            session, invitation_id, user_id=caller.person, now=now
        ),
        status=200,
    )


@router.delete(
    "/{invitation_id}",
    name="decline_staff_invitation",
    response_model=staff_invitations.StaffInvitations,
    responses=MISSING,
)
def decline(request: Request, invitation_id: UUID, caller: Customer) -> Response:
    """Say no; the answer is what else one was asked."""
    with acting(request, caller) as session:
        return answer(staff_invitations.decline(session, invitation_id, user_id=caller.person))
