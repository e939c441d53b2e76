"""`POST /matching/shops`: the order service's question."""

import datetime as dt

import orjson
from fastapi import APIRouter
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api.access import OrderService
from api.bodies import JsonRoute
from api.problems import SAFE
from api.schemas.matching import MatchRequest
from api.state import state_of
from matching.nearby import Matches, match_shops
from storage.session import PLATFORM, Steps, reading, run, run_async, transaction

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/matching", tags=["matching"], route_class=JsonRoute)


@router.post("/shops", name="match_shops", response_model=Matches)
async def match(request: Request, body: MatchRequest, caller: OrderService) -> Response:
    """Rank the nearby shops that carry the car's brand, with a delivery time for each.

    Matches come best first. The contributions of an explanation sum to the score. Where no shop is
    within `max_distance_km` the list is empty and `nearest_distance_m` says how far the nearest is.
    """
    state = state_of(request)
    steps = match_shops(
        body.question(),
        knowledge=await state.knowledge(),
        roads=state.roads,
        now=dt.datetime.now(dt.UTC),
    )
    if state.roads is None:
        async with reading(state.pool) as connection:
            matches = await run_async(connection, steps)
    else:
        matches = await run_in_threadpool(_in_thread, state.engine, steps)
    content = orjson.dumps(matches, option=orjson.OPT_UTC_Z)
    return Response(content, media_type="application/json", headers=SAFE)


def _in_thread(engine: Engine, steps: Steps[Matches]) -> Matches:
    """Take the steps where waiting for a road engine keeps nobody else waiting."""
    with transaction(engine, PLATFORM) as session:
        return run(session, steps)
