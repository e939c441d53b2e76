"""`/healthz`, `/readyz`, `/metrics`: for those who watch the server; open to all."""

from contextlib import suppress

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api.problems import PROBLEMS, SAFE
from api.state import state_of
from clutch.errors import Unavailable
from jobs.queries import queue_depth
from storage.session import PLATFORM, reading, transaction

__all__ = ["router"]

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """All is well; anything else answers as a problem."""

    status: str = "ok"


@router.get("/healthz")
async def healthz() -> Health:
    """Say that the process lives; asks nothing of the database."""
    return Health()


@router.get("/readyz", responses={503: PROBLEMS[503]})
async def readyz(request: Request) -> Health:
    """Say that requests can be served: the database answers."""
    async with reading(state_of(request).pool) as connection:
        await connection.execute("SELECT 1")
    return Health()


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(request: Request) -> Response:
    """Give counts and times of requests, and of jobs, in Prometheus' text format."""
    state = state_of(request)
    # Without the database the figures of requests matter all the more.
    with suppress(Unavailable):
        state.metrics.count_jobs(await run_in_threadpool(_jobs, state.engine))
    figures = state.metrics.exposition()
    return Response(figures, media_type="text/plain; version=0.0.4", headers=SAFE)


def _jobs(engine: Engine) -> dict[str, int]:
    with transaction(engine, PLATFORM) as session:
        return queue_depth(session.connection())
