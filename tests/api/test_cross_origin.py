"""Web pages of other origins call from a browser where the settings name them, and nobody else."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI

from api.access import operations
from api.app import create_app
from clutch.settings import Settings

OURS, THEIRS = "https://shop.example.com", "https://elsewhere.example.com"
SENT = "authorization, content-type, idempotency-key, x-shop-id"


def preflight(app: FastAPI, origin: str, method: str, path: str) -> httpx.Response:
    """Ask as a browser does before it sends a request."""

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://clutch.test") as client:
            headers = {
                "Origin": origin,
                "Access-Control-Request-Method": method,
                "Access-Control-Request-Headers": SENT,
            }
            return await client.options(path, headers=headers)

    return asyncio.run(asked())


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return create_app(Settings(cors_origins=(OURS,)))


def test_a_named_origin_may_call_every_operation_with_all_that_it_takes(app: FastAPI) -> None:
    methods = {each.method: each.path for each in operations(app, "/api/")}
    assert set(methods) == {"GET", "POST", "PUT", "PATCH", "DELETE"}
    for method, path in methods.items():
        answer = preflight(app, OURS, method, path)
        assert (method, answer.status_code) == (method, 200)
        assert answer.headers["access-control-allow-origin"] == OURS


def test_another_origin_may_call_none(app: FastAPI) -> None:
    answer = preflight(app, THEIRS, "GET", "/api/v1/users/me")
    assert "access-control-allow-origin" not in answer.headers


def test_without_origins_in_the_settings_no_page_may_call() -> None:
    answer = preflight(create_app(Settings()), OURS, "GET", "/api/v1/users/me")
    assert answer.status_code == 405
    assert "access-control-allow-origin" not in answer.headers
