"""`POST /matching/shops`: the order service's question."""

import datetime as dt

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.problems import PROBLEMS
from api.schemas.matching import MatchRequest
from api.state import state_of
from matching.nearby import Matches, match_shops
from storage.session import transaction

__all__ = ["router"]

router = APIRouter(prefix="/matching", tags=["matching"])


@router.post("/shops", response_model=Matches, responses=PROBLEMS)
def match(request: Request, body: MatchRequest) -> Response:
    """Rank the nearby shops that carry the car's brand, with a delivery time for each.

    Matches come best first. The contributions of an explanation sum to the score. Where no shop is
    within `max_distance_km` the list is empty and `nearest_distance_m` says how far the nearest is.
    """
    state = state_of(request)
    knowledge = state.knowledge()
    now = dt.datetime.now(dt.UTC)
    with transaction(state.engine) as session:
        matches = match_shops(
            session, body.question(), knowledge=knowledge, roads=state.roads, now=now
        )
    return Response(orjson.dumps(matches, option=orjson.OPT_UTC_Z), media_type="application/json")
