"""What a job is given to work with: the database, and the doors to the world outside.

Reads: what matching knows, again once it is half a minute old.
"""

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import httpx
from sqlalchemy import Engine

from accounts.sealing import Seals
from accounts.senders import Sender, email_sender, sms_sender
from clutch.settings import Settings
from matching.knowledge import Knowledge, load_knowledge
from matching.roads import RoadEngine, open_road_engine
from notifications.hints import through_redis
from notifications.push import Push, open_push
from notifications.sealing import seals_of
from storage.session import PLATFORM, open_engine, transaction

__all__ = ["Tools", "open_tools"]

_KNOWLEDGE_SECONDS = 30.0
_HTTP_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Tools:
    """One set a worker; jobs in several threads use it at once."""

    engine: Engine
    settings: Settings
    push: Push
    sms: Sender
    email: Sender
    http: httpx.Client
    roads: RoadEngine | None
    knowledge: Callable[[], Knowledge]
    now: Callable[[], dt.datetime]

    def seals(self) -> Seals:
        """Return what partners' secrets are sealed with.

        Raises
        ------
        SetupNeeded
            No key is set.
        """
        key = self.settings.token_key
        return seals_of(self.settings.webhook_keys, key.get_secret_value() if key else None)


def _clock() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@contextmanager
def open_tools(
    settings: Settings,
    database_url: str,
    *,
    connections: int = 2,
    now: Callable[[], dt.datetime] = _clock,
) -> Iterator[Tools]:
    """Give the tools of a worker for as long as the block lasts; `now` is its clock."""
    with ExitStack() as stack:
        engine = open_engine(database_url, connections=connections)
        stack.callback(engine.dispose)
        if settings.redis_url:
            engine = through_redis(engine, settings.redis_url)
        roads = open_road_engine(settings.road_engine_url, settings.road_engine_extract)
        if roads is not None:
            stack.callback(roads.close)
        http = stack.enter_context(
            httpx.Client(timeout=_HTTP_SECONDS, trust_env=False, follow_redirects=False)
        )
        yield Tools(
            engine=engine,
            settings=settings,
            push=open_push(settings.firebase_credentials),
            sms=sms_sender(settings, http),
            email=email_sender(settings),
            http=http,
            roads=roads,
            knowledge=_Known(engine),
            now=now,
        )


class _Known:
    """What matching knows, read when a job first asks and again when it is old."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._known: Knowledge | None = None
        self._until = 0.0

    def __call__(self) -> Knowledge:
        with self._lock:
            if self._known is None or time.monotonic() >= self._until:
                with transaction(self._engine, PLATFORM) as session:
                    self._known = load_knowledge(session)
                self._until = time.monotonic() + _KNOWLEDGE_SECONDS
            return self._known
