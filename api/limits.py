"""How large a request may be: refused while it arrives, before anything is parsed."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import TooLarge, problem_for
from api.problems import problem_response

__all__ = ["MAX_BODY_BYTES", "BodyLimit"]

MAX_BODY_BYTES = 256 * 1024


class BodyLimit:
    """ASGI middleware: a body over `max_bytes` answers 413, whatever length it claims.

    What else arrives of it is read and dropped by the server, so that the caller gets to read the
    answer.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int = MAX_BODY_BYTES) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        claimed = next(
            (value for name, value in scope["headers"] if name == b"content-length"), b""
        )
        if claimed.isdigit() and int(claimed) > self._max_bytes:
            problem, headers = problem_for(TooLarge(self._max_bytes))
            await problem_response(problem, headers=headers)(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                raise TooLarge(self._max_bytes)
            return message

        await self._app(scope, counted, send)
