"""`/admin/kpis` and `/shops/{shop_id}/kpis`: how the market and a shop are doing."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from accounts.principal import Role
from api.access import Figures, ShopOrFigures
from api.acting import answer
from api.bodies import JsonRoute
from api.problems import MISSING
from api.schemas.deliveries import Instant
from api.state import state_of
from clutch.errors import NotFound
from orders.kpis import MarketKpis, ShopKpis, market_kpis, shop_kpis
from storage.session import PLATFORM, transaction

__all__ = ["router"]

router = APIRouter(prefix="/api/v1", tags=["kpis"], route_class=JsonRoute)

_From = Annotated[
    Instant | None, Query(alias="from", description="From when on; 30 days before `to`.")
]
_OF_ALL_SHOPS = {Role.ADMIN, Role.ANALYST}
_Until = Annotated[Instant | None, Query(alias="to", description="Until before when; now.")]


@router.get(
    "/admin/kpis",
    name="market_kpis",
    response_model=MarketKpis,
)
def market(
    request: Request, caller: Figures, since: _From = None, until: _Until = None
) -> Response:
    """Tell how the market did on the orders submitted in a period."""
    now = dt.datetime.now(dt.UTC)
    # An analyst has no rows to see, just what they come to.
    with transaction(state_of(request).engine, PLATFORM) as session:
        return answer(market_kpis(session, since=since, until=until, now=now))


@router.get(
    "/shops/{shop_id}/kpis",
    name="shop_kpis",
    response_model=ShopKpis,
    responses=MISSING,
)
def of_shop(
    request: Request,
    shop_id: UUID,
    caller: ShopOrFigures,
    since: _From = None,
    until: _Until = None,
) -> Response:
    """Tell how a shop did on the requests it got in a period."""
    sees_all = not caller.roles.isdisjoint(_OF_ALL_SHOPS)
    if not sees_all and shop_id != caller.shop:
        raise NotFound("shop")
    now = dt.datetime.now(dt.UTC)
    tenant = PLATFORM if sees_all else caller.tenant
    with transaction(state_of(request).engine, tenant) as session:
        return answer(shop_kpis(session, shop_id, since=since, until=until, now=now))
