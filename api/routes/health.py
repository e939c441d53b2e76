"""`/healthz`, `/readyz`, `/metrics`: for those who watch the server; open to all."""

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from api.problems import PROBLEMS, SAFE
from api.state import state_of
from storage.session import reading

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
    """Give counts and times of requests in Prometheus' text format."""
    figures = state_of(request).metrics.exposition()
    return Response(figures, media_type="text/plain; version=0.0.4", headers=SAFE)
