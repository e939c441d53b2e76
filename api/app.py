"""The application: routes, error handlers and limits put together."""

import gc
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from pydantic import SecretStr
from starlette.middleware.cors import CORSMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from accounts.sealing import Seals
from api.access import SHOP_HEADER, assert_declared
from api.errors import add_error_handlers
from api.limits import BodyLimit
from api.live.door import Door
from api.metrics import Metrics, RequestMetrics
from api.openapi import GUARDED, complete_openapi, operation_id
from api.paying import enter_provider, mount_sandbox
from api.rate_limits import RateLimits
from api.routes import (
    audit,
    auth,
    deliveries,
    devices,
    events,
    files,
    health,
    kpis,
    matching,
    notifications,
    onboarding,
    orders,
    payments,
    quotes,
    ratings,
    service_keys,
    shop_admin,
    shops,
    staff_invitations,
    users,
    vehicles,
    webhook_endpoints,
)
from api.state import State
from clutch.settings import Settings
from clutch.settings import settings as read_settings
from jobs.worker import working
from matching.roads import open_road_engine
from notifications.hints import through_redis
from notifications.sealing import seals_of
from orders.invitations import Rules
from storage.cluster import assert_fit_to_serve, running_database
from storage.session import open_engine, open_pool

__all__ = ["create_app"]

_CONNECTIONS = 8
# Routes are looked through in this order: what is asked most often comes first.
_RESOURCES = (
    matching,
    orders,
    quotes,
    deliveries,
    payments,
    events,
    notifications,
    vehicles,
    auth,
    users,
    files,
    ratings,
    kpis,
    onboarding,
    shop_admin,
    shops,
    staff_invitations,
    devices,
    webhook_endpoints,
    service_keys,
    audit,
    health,
)
_CORS: Any = {
    "allow_methods": ["GET", "POST", "PUT", "PATCH", "DELETE"],
    "allow_headers": ["Authorization", "Content-Type", "Idempotency-Key", SHOP_HEADER],
    "expose_headers": ["Idempotency-Replayed", "Retry-After"],
}


def create_app(settings: Settings | None = None, *, neighbourhood: Path | None = None) -> FastAPI:
    """Return the Clutch API; `settings` are read from the environment when left out.

    Workers that share an address meet in `neighbourhood` (see `api.live.neighbours`).
    The database is opened when the application starts and closed when it stops.
    """
    chosen = settings or read_settings()
    metrics = Metrics()
    live = Door(chosen, metrics.sockets, neighbourhood=neighbourhood)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            app.state.clutch = await _open_state(stack, chosen, metrics)
            enter_provider(stack, app.state.clutch, chosen, sandbox)
            await stack.enter_async_context(live.open(app.state.clutch))
            await _open_worker(stack, chosen, app.state.clutch)
            # What was made so far stays: the collector need not look at it with each request.
            gc.collect()
            gc.freeze()
            yield

    app = FastAPIOffline(
        title="Clutch",
        summary="An auto-parts marketplace and the shop system behind it.",
        version=version("clutch"),
        lifespan=lifespan,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
    )
    # The last one added sees a request first.
    app.add_middleware(BodyLimit)
    app.add_middleware(RequestMetrics, metrics=metrics)
    if chosen.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=chosen.trusted_proxies)
    if chosen.cors_origins:
        app.add_middleware(CORSMiddleware, allow_origins=chosen.cors_origins, **_CORS)
    add_error_handlers(app)
    for resource in _RESOURCES:
        app.include_router(resource.router)
    app.mount("/socket.io", live)
    sandbox = mount_sandbox(app, chosen)
    assert_declared(app, GUARDED)
    complete_openapi(app)
    return app


async def _open_state(stack: AsyncExitStack, chosen: Settings, metrics: Metrics) -> State:
    """Open all that requests need; `stack` closes it."""
    database = stack.enter_context(running_database(chosen))
    engine = open_engine(database.url, connections=_CONNECTIONS)
    stack.callback(engine.dispose)
    if chosen.redis_url:
        engine = through_redis(engine, chosen.redis_url)
    with engine.connect() as connection:
        assert_fit_to_serve(connection, chosen)
    roads = open_road_engine(chosen.road_engine_url, chosen.road_engine_extract)
    if roads is not None:
        stack.callback(roads.close)
    # A request waits for a thread rather than, in a thread, for a connection.
    current_default_thread_limiter().total_tokens = _CONNECTIONS
    token_key = _secret(chosen.token_key) or secrets.token_urlsafe(32)
    state = State(
        metrics=metrics,
        engine=engine,
        pool=await stack.enter_async_context(open_pool(database.url)),
        roads=roads,
        token_key=token_key,
        service_key=_secret(chosen.service_key),
        seals=seals_of(chosen.webhook_keys, token_key),
        answer_seals=Seals([token_key], purpose="answers that hold a secret, 1"),
        in_production=chosen.environment == "production",
        rules=Rules.of(chosen),
        limits=RateLimits(redis_url=chosen.redis_url, on=chosen.rate_limits == "on"),
    )
    stack.push_async_callback(state.limits.close)
    await state.knowledge()
    return state


async def _open_worker(stack: AsyncExitStack, chosen: Settings, state: State) -> None:
    """Run jobs in this process too, unless they are left to `clutch worker`."""
    if chosen.job_workers:
        url = state.engine.url.render_as_string(hide_password=False)
        await stack.enter_async_context(working(chosen, url, at_a_time=chosen.job_workers))


def _secret(value: SecretStr | None) -> str | None:
    return value.get_secret_value() if value else None
