"""What one server process holds while it runs: the database, and what matching knows."""

import time
from dataclasses import dataclass

from fastapi import FastAPI
from psycopg_pool import AsyncConnectionPool
from pydantic import SecretStr
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api.metrics import Metrics
from matching.knowledge import Knowledge, load_knowledge
from matching.roads import RoadEngine
from storage.session import transaction

__all__ = ["State", "state_of"]

_KNOWLEDGE_SECONDS = 30.0


@dataclass
class State:
    """One an app, while it runs; `pool` is for the hot path, `engine` for everything else."""

    service_key: SecretStr | None
    metrics: Metrics
    engine: Engine
    pool: AsyncConnectionPool
    roads: RoadEngine | None
    _knowledge: Knowledge | None = None
    _known_until: float = 0.0

    async def knowledge(self) -> Knowledge:
        """Return what matching knows, at most half a minute old while the database answers.

        Raises
        ------
        Unavailable
            The database does not answer.
        """
        if self._knowledge is None or time.monotonic() >= self._known_until:
            self._knowledge = await run_in_threadpool(self._read_knowledge)
            self._known_until = time.monotonic() + _KNOWLEDGE_SECONDS
        return self._knowledge

    def _read_knowledge(self) -> Knowledge:
        with transaction(self.engine) as session:
            return load_knowledge(session)


def state_of(request: Request) -> State:
    """Return the state of the app that got `request`."""
    app: FastAPI = request.app
    state: State = app.state.clutch
    return state
