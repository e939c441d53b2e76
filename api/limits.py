"""How large a request may be: refused while it arrives, before anything is parsed."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import TooLarge, problem_for
from api.problems import problem_response

__all__ = ["MAX_BODY_BYTES", "MAX_UPLOAD_BYTES", "BodyLimit"]

MAX_BODY_BYTES = 256 * 1024
MAX_UPLOAD_BYTES = 11 * 1024 * 1024
_LARGER = {("POST", "/api/v1/files"): MAX_UPLOAD_BYTES}
"""The operations that take files, and how many bytes each."""


class BodyLimit:
    """ASGI middleware: a body over the limit of its operation answers 413, whatever it claims.

    What else arrives of it is read and dropped by the server, so that the caller gets to read the
    answer.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        max_bytes = _LARGER.get((scope["method"], scope["path"]), MAX_BODY_BYTES)
        claimed = next(
            (value for name, value in scope["headers"] if name == b"content-length"), b""
        )
        if claimed.isdigit() and int(claimed) > max_bytes:
            problem, headers = problem_for(TooLarge(max_bytes))
            await problem_response(problem, headers=headers)(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > max_bytes:
                raise TooLarge(max_bytes)
            return message

        await self._app(scope, counted, send)
