"""Who may call: for now one service key, which guards everything but health and docs."""

import secrets

from pydantic import SecretStr
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import Unauthorised, problem_for
from api.problems import problem_response

__all__ = ["GUARDED", "ServiceKeyGuard"]

GUARDED = "/api/"
"""What the paths begin with that only a caller with the key may use."""


class ServiceKeyGuard:
    """ASGI middleware: lets a caller past that shows the service key; no key lets nobody past.

    It stands before all that looks at a path or a body, so a stranger learns nothing of either.
    """

    def __init__(self, app: ASGIApp, *, service_key: SecretStr | None) -> None:
        self._app = app
        self._key = service_key.get_secret_value().encode() if service_key else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or not scope["path"].startswith(GUARDED) or self._known(scope):
            await self._app(scope, receive, send)
            return
        problem, headers = problem_for(Unauthorised())
        await problem_response(problem, headers=headers)(scope, receive, send)

    def _known(self, scope: Scope) -> bool:
        shown = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        scheme, _, key = shown.partition(b" ")
        if self._key is None or scheme.lower() != b"bearer":
            return False
        return secrets.compare_digest(key.strip(), self._key)
