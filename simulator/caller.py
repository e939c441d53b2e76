"""One person's way to the server: logged in, patient with it, and never doing a thing twice.

Tokens are renewed when they run out. Where the server is away, busy or silent a request is sent
again, a creating one under the same `Idempotency-Key`.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import httpx

from clutch.errors import ClutchError, Unavailable

__all__ = ["AskedTooOften", "Caller", "Refused"]

_ATTEMPTS = 8
_FIRST_PAUSE_SECONDS = 0.2
_MOST_PAUSE_SECONDS = 5.0
_LONG_SECONDS = 90.0
_FRESH_SECONDS = 600.0
_LATER = frozenset({429, 502, 503, 504})


class Refused(ClutchError):
    """The server understood and said no; `problem` is what it answered."""

    def __init__(self, call: str, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.problem = problem
        super().__init__(f"{call} answered {status}: {problem.get('detail')}")

    @property
    def kind(self) -> str:
        """Return the last part of the problem's type: `quote-expired`."""
        return str(self.problem.get("type", "")).rpartition(":")[2]


class AskedTooOften(ClutchError):
    """The server lets nobody ask as often as a simulation does."""

    def __init__(self) -> None:
        super().__init__(
            "the server limits how often it is asked: for a simulation start it with"
            " CLUTCH_RATE_LIMITS=off"
        )


class Caller:
    """Calls the API as one person; until they log in as a stranger."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._login: dict[str, str] | None = None
        self._token = ""
        self._since = 0.0
        self._renewing = asyncio.Lock()

    async def fresh_token(self) -> str:
        """Return an access token that is good for some minutes yet, for the socket."""
        if time.monotonic() - self._since > _FRESH_SECONDS:
            await self._renew(self._token)
        return self._token

    async def log_in(self, login: Mapping[str, str]) -> None:
        """Log in with what `POST /auth/log-in` takes."""
        self._login = dict(login)
        self._since = time.monotonic()
        self._token = (await self.post("/auth/log-in", self._login))["access_token"]

    async def _renew(self, used: str) -> None:
        """Log in again in place of the token `used`, once for all who find it run out."""
        async with self._renewing:
            if self._login and self._token == used:
                self._token = ""
                await self.log_in(self._login)

    async def get(self, path: str, **query: Any) -> Any:
        """Read something."""
        return await self._call("GET", path, params=query)

    async def put(self, path: str, body: Any) -> Any:
        """Change something."""
        return await self._call("PUT", path, json=body)

    async def delete(self, path: str) -> Any:
        """Take something back."""
        return await self._call("DELETE", path)

    async def post(self, path: str, body: Any = None, **more: Any) -> Any:
        """Create something, once; `more` as httpx takes it: `files`, `data`."""
        headers = {"Idempotency-Key": str(uuid4())}
        return await self._call("POST", path, json=body, headers=headers, **more)

    async def _call(self, method: str, path: str, **request: Any) -> Any:
        used = self._token
        answer = await self._sent(method, path, request)
        if answer.status_code == 401 and used:
            await self._renew(used)
            answer = await self._sent(method, path, request)
        call, status = f"{method} {path}", answer.status_code
        try:
            content = answer.json() if answer.content else None
        except ValueError:
            raise Refused(call, status, {"detail": "not as a Clutch server does"}) from None
        if status >= 400:
            raise Refused(call, status, content or {})
        return content

    async def _sent(self, method: str, path: str, request: Mapping[str, Any]) -> httpx.Response:
        """Send until the server takes it.

        Raises
        ------
        Unavailable
            It did not, for long.
        AskedTooOften
            It will not for minutes.
        """
        pause = _FIRST_PAUSE_SECONDS
        for _ in range(_ATTEMPTS):
            headers = dict(request.get("headers", {}))
            if self._token:
                headers["Authorization"] = f"Bearer {self._token}"
            answer = await self._tried(method, path, {**request, "headers": headers})
            if answer is not None and answer.status_code not in _LATER:
                return answer
            asked = answer.headers.get("retry-after") if answer is not None else None
            if asked and float(asked) > _LONG_SECONDS:
                raise AskedTooOften
            await asyncio.sleep(min(float(asked or pause), _MOST_PAUSE_SECONDS))
            pause *= 2
        raise Unavailable("the server")

    async def _tried(
        self, method: str, path: str, request: Mapping[str, Any]
    ) -> httpx.Response | None:
        try:
            return await self._client.request(method, f"/api/v1{path}", **request)
        except httpx.TransportError:
            return None
