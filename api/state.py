"""What one server process holds while it runs: the database, and what matching knows."""

import threading
import time
from dataclasses import dataclass, field

from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import Engine
from starlette.requests import Request

from api.metrics import Metrics
from matching.knowledge import Knowledge, load_knowledge
from matching.roads import RoadEngine
from storage.session import transaction

__all__ = ["State", "state_of"]

_KNOWLEDGE_SECONDS = 30.0


@dataclass
class State:
    """One an app; `engine` is there while the app runs."""

    service_key: SecretStr | None
    metrics: Metrics
    engine: Engine
    roads: RoadEngine | None
    _knowledge: Knowledge | None = None
    _known_until: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def knowledge(self) -> Knowledge:
        """Return what matching knows, at most half a minute old.

        Raises
        ------
        Unavailable
            It was never read, and the database does not answer.
        """
        if time.monotonic() >= self._known_until:
            with self._lock:
                if time.monotonic() >= self._known_until:
                    with transaction(self.engine) as session:
                        self._knowledge = load_knowledge(session)
                    self._known_until = time.monotonic() + _KNOWLEDGE_SECONDS
        assert self._knowledge is not None
        return self._knowledge


def state_of(request: Request) -> State:
    """Return the state of the app that got `request`."""
    app: FastAPI = request.app
    state: State = app.state.clutch
    return state
