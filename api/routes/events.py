"""`/events`: the log that sockets are told from, for clients without one."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.access import SignedIn
from api.bodies import JsonRoute
from api.problems import MISSING, SAFE
from api.schemas.live import Room, Sequence
from api.state import state_of
from clutch.errors import NotFound
from notifications import events
from storage.session import reading, run_async

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/events", tags=["events"], route_class=JsonRoute)


@router.get("", name="events_of_room", response_model=events.RoomPage, responses=MISSING)
async def events_of_room(
    request: Request,
    caller: SignedIn,
    room: Annotated[Room, Query(description="`user-{id}`, or `shop-{id}` of a shop of yours.")],
    after: Annotated[Sequence, Query(description="The number of the last event you know.")] = 0,
    limit: Annotated[int, Query(ge=1, le=100)] = 100,
) -> Response:
    """List the events of a room of your own after a number, oldest first.

    Ask again after the last one's `sequence` until it is `last`. `resync`: what came after your
    number is kept no more (30 days); load what you show anew and go on from the answer's `after`.
    """
    if room not in events.rooms_of(caller):
        raise NotFound("room")
    async with reading(state_of(request).pool) as connection:
        page = await run_async(connection, events.page(room, after, limit=limit))
    content = orjson.dumps(page, option=orjson.OPT_UTC_Z)
    return Response(content, media_type="application/json", headers=SAFE)
