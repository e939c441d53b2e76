"""One person's way to the server: logged in, patient with it, and never doing a thing twice.

Tokens are refreshed when they run out. Where the server is away, busy or silent the request is sent
again, a creating one under the same `Idempotency-Key`.
"""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import httpx

from clutch.errors import ClutchError, Unavailable

__all__ = ["Caller", "Refused", "Tokens"]

_ATTEMPTS = 8
_FIRST_PAUSE_SECONDS = 0.2
_LATER = frozenset({429, 502, 503, 504})


class Refused(ClutchError):
    """The server understood and said no; `problem` is what it answered."""

    def __init__(self, call: str, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.problem = problem
        self.allowed: list[str] = problem.get("allowed") or []
        super().__init__(f"{call} answered {status}: {problem.get('detail', problem)}")

    @property
    def kind(self) -> str:
        """Return the last part of the problem's type: `quote-expired`."""
        return str(self.problem.get("type", "")).rpartition(":")[2]


class Tokens:
    """What a log-in gave: a token to call with, and one to get the next pair with."""

    def __init__(self, access: str, refresh: str) -> None:
        self.access = access
        self.refresh = refresh


class Caller:
    """Calls the API as one person; without a log-in as a stranger."""

    def __init__(self, client: httpx.AsyncClient, *, shop_id: str | None = None) -> None:
        self._client = client
        self._tokens: Tokens | None = None
        self._refreshing = asyncio.Lock()
        self.shop_id = shop_id
        self.user_id = ""

    @property
    def access_token(self) -> str:
        """Return the token of now, for the socket."""
        return self._tokens.access if self._tokens else ""

    async def log_in(self, login: Mapping[str, str]) -> None:
        """Log in with what `POST /auth/log-in` takes."""
        self._take(await self.post("/auth/log-in", dict(login)))

    def _take(self, answer: Mapping[str, Any]) -> None:
        self._tokens = Tokens(answer["access_token"], answer["refresh_token"])
        self.user_id = answer.get("user", {}).get("user_id", self.user_id)

    async def refresh(self, used: str) -> None:
        """Get new tokens in place of `used`, once for all who find it run out."""
        async with self._refreshing:
            if self._tokens and self._tokens.access == used:
                body = {"refresh_token": self._tokens.refresh}
                self._take((await self._send("POST", "/auth/refresh", body, {})).json())

    async def get(self, path: str, **query: Any) -> Any:
        """Read something."""
        return await self._call("GET", path, None, query=query)

    async def put(self, path: str, body: Any) -> Any:
        """Change something."""
        return await self._call("PUT", path, body)

    async def delete(self, path: str) -> Any:
        """Take something back."""
        return await self._call("DELETE", path, None)

    async def post(self, path: str, body: Any = None, *, files: Any = None) -> Any:
        """Create something, once."""
        headers = {"Idempotency-Key": str(uuid4())}
        return await self._call("POST", path, body, headers=headers, files=files)

    async def _call(
        self, method: str, path: str, body: Any, *, headers: Any = None, **more: Any
    ) -> Any:
        headers = dict(headers or {})
        if self.shop_id:
            headers["X-Shop-Id"] = self.shop_id
        used = self.access_token
        answer = await self._send(method, path, body, headers, **more)
        if answer.status_code == 401 and used:
            await self.refresh(used)
            answer = await self._send(method, path, body, headers, **more)
        if answer.status_code >= 400:
            raise Refused(f"{method} {path}", answer.status_code, answer.json())
        return answer.json() if answer.content else None

    async def _send(
        self,
        method: str,
        path: str,
        body: Any,
        headers: Mapping[str, str],
        *,
        query: Any = None,
        files: Any = None,
    ) -> httpx.Response:
        """Send until the server takes it.

        Raises
        ------
        Unavailable
            It did not, for long.
        """
        pause = _FIRST_PAUSE_SECONDS
        for _ in range(_ATTEMPTS):
            shown = {"Authorization": f"Bearer {self.access_token}"} if self._tokens else {}
            try:
                answer = await self._client.request(
                    method,
                    f"/api/v1{path}",
                    json=body,
                    params=query,
                    files=files,
                    headers={**headers, **shown},
                )
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code not in _LATER:
                return answer
            asked = answer.headers.get("retry-after") if answer is not None else None
            await asyncio.sleep(min(float(asked), 5.0) if asked else pause)
            pause *= 2
        raise Unavailable("the server")
