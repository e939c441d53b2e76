"""How a request is taken: who calls is checked first, then the body, before its fields are."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from api.access import access_of, admit
from api.errors import Malformed, TooSlow, UnsupportedMediaType

__all__ = ["JsonRoute", "UploadRoute"]

_SECONDS = 10.0
_UPLOAD_SECONDS = 60.0


class JsonRoute(APIRoute):
    """A route that knows its caller, and whose body is strict JSON: UTF-8, no name twice.

    A body of which nothing has to be there may be left out.

    Raises
    ------
    Unauthorised, Forbidden
        Who calls is not known, or may not.
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
        access = access_of(self)
        has_body = self.body_field is not None

        async def admitted(request: Request) -> Response:
            if access is not None:
                request.state.caller = await admit(request, access)
            return await answer(await self.read(request) if has_body else request)

        return admitted

    async def read(self, request: Request) -> Request:
        """Return the request with its body read."""
        read = _JsonRequest(request.scope, request.receive)
        field = self.body_field
        await read.load(needed=field is not None and field.field_info.is_required())
        return read


class UploadRoute(JsonRoute):
    """A route whose body is a form with a file (`multipart/form-data`), there within a minute."""

    async def read(self, request: Request) -> Request:
        """Return the request with its form read."""
        _assert_type(request, "multipart/form-data")
        request.state.body = await _arrived(request, _UPLOAD_SECONDS)
        try:
            await request.form(max_files=1, max_fields=10)
        except HTTPException:
            raise Malformed from None
        return request


class _JsonRequest(Request):
    _content: Any = None

    async def load(self, *, needed: bool) -> None:
        if needed:
            _assert_type(self, "application/json")
        self.state.body = await _arrived(self, _SECONDS)
        if self.state.body:
            _assert_type(self, "application/json")
            self._content = _parsed(self.state.body)

    async def json(self) -> Any:
        return self._content


def _assert_type(request: Request, expected: str) -> None:
    declared = request.headers.get("content-type", "")
    if declared.partition(";")[0].strip().lower() != expected:
        raise UnsupportedMediaType(expected)


async def _arrived(request: Request, seconds: float) -> bytes:
    try:
        async with asyncio.timeout(seconds):
            return await request.body()
    except TimeoutError:
        raise TooSlow(seconds) from None
    except ClientDisconnect:
        # Nobody is there to be told, and nothing was done.
        raise Malformed from None


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
