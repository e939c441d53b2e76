"""`/shops/{shop_id}`: what anybody sees of a shop, and what its own people keep."""

import datetime as dt
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from accounts.principal import Principal
from api.access import Anyone, ShopOwner, ShopStaff
from api.acting import IdempotencyKey, acting, answer, once
from api.bodies import JsonRoute
from api.problems import MISSING, MISSING_OR_REFUSED
from api.schemas.shops import MemberToBe, ShopProfileChange
from clutch.errors import NotFound
from orders.shop_standing import close_shop
from shops import members, profiles, standing

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/shops", tags=["shops"], route_class=JsonRoute)


@router.get(
    "/{shop_id}",
    name="get_shop",
    response_model=profiles.ShopCard,
    responses=MISSING,
)
def card(request: Request, shop_id: UUID, caller: Anyone) -> Response:
    """Show a shop that trades: where it is, what it carries, when it is open, how it is rated."""
    with acting(request, caller) as session:
        return answer(profiles.shop_card(session, shop_id))


@router.get(
    "/{shop_id}/profile",
    name="get_shop_profile",
    response_model=profiles.ShopProfile,
    responses=MISSING,
)
def profile(request: Request, shop_id: UUID, caller: ShopStaff) -> Response:
    """Show all that is kept of the shop one works at."""
    _assert_own(caller, shop_id)
    with acting(request, caller) as session:
        return answer(profiles.profile_view(session, shop_id))


@router.put(
    "/{shop_id}/profile",
    name="change_shop_profile",
    response_model=profiles.ShopProfile,
    responses=MISSING,
)
def change(request: Request, shop_id: UUID, body: ShopProfileChange, caller: ShopOwner) -> Response:
    """Change when the shop is open, where it delivers, what it charges; for its owners.

    What is left out stays as it is. Names, numbers and place were reviewed, and stay.
    """
    _assert_own(caller, shop_id)
    said = body.model_dump(mode="json", exclude_unset=True)
    with acting(request, caller) as session:
        return answer(profiles.change_profile(session, shop_id, said))


@router.post(
    "/{shop_id}/close",
    name="close_shop",
    response_model=standing.ShopStanding,
    responses=MISSING_OR_REFUSED,
)
def close(request: Request, shop_id: UUID, caller: ShopOwner) -> Response:
    """Take the shop out of trade, for its owners; its quotes that stand lapse.

    What it has won it delivers.
    """
    _assert_own(caller, shop_id)
    now = dt.datetime.now(dt.UTC)
    with acting(request, caller) as session:
        return answer(close_shop(session, shop_id, actor=caller.name, now=now))


@router.post(
    "/{shop_id}/reopen",
    name="reopen_shop",
    response_model=standing.ShopStanding,
    responses=MISSING_OR_REFUSED,
)
def reopen(request: Request, shop_id: UUID, caller: ShopOwner) -> Response:
    """Trade again after closing; for the shop's owners."""
    _assert_own(caller, shop_id)
    now = dt.datetime.now(dt.UTC)
    with acting(request, caller) as session:
        return answer(standing.reopen(session, shop_id, actor=caller.name, now=now))


@router.get(
    "/{shop_id}/members",
    name="list_shop_members",
    response_model=members.Members,
    responses=MISSING,
)
def staff(request: Request, shop_id: UUID, caller: ShopStaff) -> Response:
    """List who works at the shop, and who was invited to."""
    _assert_own(caller, shop_id)
    with acting(request, caller) as session:
        return answer(members.staff(session, shop_id))


@router.post(
    "/{shop_id}/members",
    name="invite_shop_member",
    status_code=201,
    response_model=members.Members,
    responses=MISSING_OR_REFUSED,
)
def invite(
    request: Request,
    shop_id: UUID,
    body: MemberToBe,
    caller: ShopOwner,
    key: IdempotencyKey = None,
) -> Response:
    """Invite a person to work there, or give one who does another role; for the shop's owners.

    The answer does not tell whether anybody has the phone or address.
    """
    _assert_own(caller, shop_id)
    now = dt.datetime.now(dt.UTC)
    return once(
        request,
        caller,
        key,
        lambda session: members.invite(
            session, shop_id, body.destination, body.role, actor=caller.name, now=now
        ),
    )


@router.delete(
    "/{shop_id}/members/{user_id}",
    name="remove_shop_member",
    response_model=members.Members,
    responses=MISSING_OR_REFUSED,
)
def let_go(request: Request, shop_id: UUID, user_id: UUID, caller: ShopStaff) -> Response:
    """Let a person go, for the shop's owners; or go oneself. The last owner stays."""
    _assert_own(caller, shop_id)
    now = dt.datetime.now(dt.UTC)
    with acting(request, caller) as session:
        return answer(
            members.remove_member(session, shop_id, user_id, removed_by=caller.person, now=now)
        )


@router.delete(
    "/{shop_id}/members/invitations/{invitation_id}",
    name="call_back_staff_invitation",
    response_model=members.Members,
    responses=MISSING,
)
def call_back(request: Request, shop_id: UUID, invitation_id: UUID, caller: ShopOwner) -> Response:
    """Take an invitation back; for the shop's owners."""
    _assert_own(caller, shop_id)
    now = dt.datetime.now(dt.UTC)
    with acting(request, caller) as session:
        return answer(
            members.call_back(session, shop_id, invitation_id, actor=caller.name, now=now)
        )


def _assert_own(caller: Principal, shop_id: UUID) -> None:
    """Refuse a shop that the caller does not act for, as one that is not there."""
    if caller.shop_id != shop_id:
        raise NotFound("shop")
