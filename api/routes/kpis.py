"""`/admin/kpis` and `/shops/{shop_id}/kpis`: how the market and a shop are doing."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.access import Admin, ShopStaff
from api.acting import acting, answer
from api.bodies import JsonRoute
from api.problems import PROBLEMS
from api.schemas.deliveries import Instant
from clutch.errors import NotFound
from orders.kpis import MarketKpis, ShopKpis, market_kpis, shop_kpis

__all__ = ["router"]

router = APIRouter(prefix="/api/v1", tags=["kpis"], route_class=JsonRoute)

_From = Annotated[
    Instant | None, Query(alias="from", description="From when on; 30 days before `to`.")
]
_Until = Annotated[Instant | None, Query(alias="to", description="Until before when; now.")]


@router.get(
    "/admin/kpis",
    name="market_kpis",
    response_model=MarketKpis,
    responses={status: PROBLEMS[status] for status in (401, 403, 422, 429, 503)},
)
def market(request: Request, caller: Admin, since: _From = None, until: _Until = None) -> Response:
    """Tell how the market did on the orders submitted in a period."""
    now = dt.datetime.now(dt.UTC)
    with acting(request, caller) as session:
        return answer(market_kpis(session, since=since, until=until, now=now))


@router.get(
    "/shops/{shop_id}/kpis",
    name="shop_kpis",
    response_model=ShopKpis,
    responses={status: PROBLEMS[status] for status in (401, 403, 404, 422, 429, 503)},
)
def of_shop(
    request: Request,
    shop_id: UUID,
    caller: ShopStaff,
    since: _From = None,
    until: _Until = None,
) -> Response:
    """Tell how one's own shop did on the requests it got in a period."""
    if shop_id != caller.shop:
        raise NotFound("shop")
    now = dt.datetime.now(dt.UTC)
    with acting(request, caller) as session:
        return answer(shop_kpis(session, shop_id, since=since, until=until, now=now))
