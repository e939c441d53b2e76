"""What one server process holds while it runs: the database, and what matching knows."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import structlog
from anyio import from_thread
from fastapi import FastAPI
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from accounts.sealing import Seals
from api.lanes import Lanes
from api.metrics import Metrics
from api.rate_limits import RateLimits
from clutch.errors import ClutchError
from matching.knowledge import Knowledge, load_knowledge
from matching.roads import RoadEngine
from orders.invitations import Rules
from orders.payments.port import Provider
from storage.session import transaction

__all__ = ["State", "knowledge_of", "state_of"]

_log = structlog.get_logger()

_KNOWLEDGE_SECONDS = 30.0
_RETRY_SECONDS = 5.0


@dataclass
class State:
    """One an app, while it runs; `pool` is for the hot path, `engine` for everything else."""

    metrics: Metrics
    engine: Engine
    pool: AsyncConnectionPool
    roads: RoadEngine | None
    token_key: str
    service_key: str | None
    seals: Seals
    answer_seals: Seals
    in_production: bool = False
    rules: Rules = field(default_factory=Rules)
    limits: RateLimits = field(default_factory=RateLimits)
    # About half a second of hashing, and some seconds of decoding.
    hashing: Lanes = field(default_factory=lambda: Lanes("logging in", most_waiting=50))
    decoding: Lanes = field(default_factory=lambda: Lanes("uploading", most_waiting=20))
    provider: Provider | None = None
    webhook_secrets: Sequence[str] = ()
    _knowledge: Knowledge | None = None
    _known_until: float = 0.0
    _loading: asyncio.Task[Knowledge] | None = None

    async def knowledge(self) -> Knowledge:
        """Return what matching knows.

        Once it is half a minute old it is read again, once for all who ask. Nobody waits for that:
        meanwhile, and where it fails, what is known already serves.

        Raises
        ------
        Unavailable
            Nothing is known yet, and the database does not answer.
        """
        if time.monotonic() >= self._known_until and (not self._loading or self._loading.done()):
            self._loading = asyncio.create_task(self._load(self._knowledge))
        if self._knowledge is None and self._loading:
            # Shielded: that one caller goes away must not cut off the others.
            return await asyncio.shield(self._loading)
        return cast("Knowledge", self._knowledge)

    async def _load(self, known: Knowledge | None) -> Knowledge:
        try:
            self._knowledge = await run_in_threadpool(self._read)
            self._known_until = time.monotonic() + _KNOWLEDGE_SECONDS
        except (ClutchError, SQLAlchemyError) as error:
            if known is None:
                raise
            _log.warning("knowledge not read again", cause=type(error).__name__)
            self._known_until = time.monotonic() + _RETRY_SECONDS
            return known
        return self._knowledge

    def _read(self) -> Knowledge:
        with transaction(self.engine) as session:
            return load_knowledge(session)


def state_of(request: Request) -> State:
    """Return the state of the app that got `request`."""
    app: FastAPI = request.app
    state: State = app.state.clutch
    return state


def knowledge_of(request: Request) -> Knowledge:
    """Return what matching knows to a handler, which runs in a thread."""
    return from_thread.run(state_of(request).knowledge)
