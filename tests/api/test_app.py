"""The parts of the application that belong to no single resource."""

import httpx
import pytest
from anyio import run

from api.access import operations
from api.app import create_app
from clutch.settings import Settings

PAGE = "https://shop.example.com"
APP = create_app(Settings(cors_origins=(PAGE,)))


async def preflight(method: str, path: str, origin: str) -> httpx.Response:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    transport = httpx.ASGITransport(APP)
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        return await client.options(path, headers=asked)


@pytest.mark.parametrize("method", sorted({each.method for each in operations(APP, "/api/")}))
def test_pages_of_named_origins_may_use_every_method_there_is(method: str) -> None:
    answer = run(preflight, method, "/api/v1/users/me", PAGE)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert method in answer.headers["access-control-allow-methods"]


def test_pages_of_other_origins_may_not_call() -> None:
    answer = run(preflight, "GET", "/api/v1/users/me", "https://elsewhere.example.com")
    assert answer.status_code == 400
    assert "access-control-allow-origin" not in answer.headers
