"""How a JSON body is read: its type, its time and its text are checked before its fields are."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from api.errors import Malformed, TooSlow, UnsupportedMediaType

__all__ = ["JsonRoute"]

_SECONDS = 10.0


class JsonRoute(APIRoute):
    """A route whose body is strict JSON: in UTF-8, with no name twice in an object.

    Raises
    ------
    UnsupportedMediaType
        The body is not declared as `application/json`.
    TooSlow
        The body did not arrive within 10 seconds.
    Malformed
        The body is not such JSON.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler of the route, with the body read before it is called."""
        answer = super().get_route_handler()
        if self.body_field is None:
            return answer

        async def read_first(request: Request) -> Response:
            read = _JsonRequest(request.scope, request.receive)
            await read.load()
            return await answer(read)

        return read_first


class _JsonRequest(Request):
    _content: Any = None

    async def load(self) -> None:
        declared = self.headers.get("content-type", "")
        if declared.partition(";")[0].strip().lower() != "application/json":
            raise UnsupportedMediaType
        try:
            async with asyncio.timeout(_SECONDS):
                body = await self.body()
        except TimeoutError:
            raise TooSlow from None
        if body:
            self._content = _parsed(body)

    async def json(self) -> Any:
        return self._content


def _parsed(body: bytes) -> Any:
    try:
        return _decoder.decode(body.decode())
    # Nesting deeper than Python's stack is a RecursionError.
    except (ValueError, RecursionError):
        raise Malformed from None


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


_decoder = json.JSONDecoder(object_pairs_hook=_each_name_once)
