"""The provider's door: its API for merchants, and the page for their customers.

Handlers are `async` and ask SQLite directly: the merchant may be the same process, all of whose
threads may be waiting for just these answers.
"""

import datetime as dt
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from sandbox import ledger, pages
from sandbox.books import Books
from sandbox.cards import Behaviour, behaviour_of
from sandbox.ledger import Payment, Refused
from sandbox.sending import Pace, queue_event, sending

__all__ = ["Merchant", "Sandbox"]

_METHODS = ("card", "wallet")
_MOST_PIASTRES = 100_000_000_000
_RETURN_URL = re.compile(r"(?!javascript:|data:|vbscript:)[a-z][a-z0-9+.-]*://[!-~]{1,2000}")


@dataclass(frozen=True, kw_only=True)
class Merchant:
    """Who takes payments here, and where it hears of them."""

    api_key: str
    webhook_secret: str
    notify_url: str


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """A provider with one merchant; `app` answers while `running` lasts."""

    directory: Path
    merchant: Merchant
    pace: Pace = field(default_factory=Pace)

    @property
    def app(self) -> Starlette:
        """The application to serve or mount; its books are opened with the first request."""
        return _Door(self).application()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Send events for as long as the block lasts."""
        secret = self.merchant.webhook_secret
        with sending(self.books_path(), secret=secret, pace=self.pace):
            yield

    def books_path(self) -> Path:
        """Return the file of the books; its directory is there."""
        self.directory.mkdir(parents=True, exist_ok=True)
        return self.directory / "sandbox-pay.sqlite3"


class _Door:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._opened: Books | None = None

    def application(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/checkouts", self._checkout, methods=["POST"]),
                Route("/v1/payments", self._find, methods=["GET"]),
                Route("/v1/payments/{reference}/capture", self._capture, methods=["POST"]),
                Route("/v1/payments/{reference}/cancel", self._cancel, methods=["POST"]),
                Route("/v1/payments/{reference}/refunds", self._refund, methods=["POST"]),
                Route("/pay/{reference}", self._page, methods=["GET"]),
                Route("/pay/{reference}", self._pay, methods=["POST"]),
            ]
        )

    @property
    def _books(self) -> Books:
        if self._opened is None:
            self._opened = Books(self._sandbox.books_path())
        return self._opened

    async def _checkout(self, request: Request) -> Response:
        if not self._is_merchant(request):
            return _refusal(401, "unknown_key")
        asked = await _asked(request)
        wanted = _wanted(asked)
        if wanted is None:
            return _refusal(400, "invalid_request")
        with self._books.changing():
            payment = self._books.of_merchant(wanted.merchant_reference)
            if payment is None:
                payment = wanted
                self._books.keep(payment)
        if (payment.amount_piastres, payment.currency) != (wanted.amount_piastres, wanted.currency):
            return _refusal(409, "merchant_reference_reused")
        # `base_url` stops where the application is that this one may be mounted in.
        door = request.url.replace(path=request.scope.get("root_path", ""), query="")
        url = f"{str(door).rstrip('/')}/pay/{payment.reference}"
        return _answer({**payment.shown(), "redirect_url": url})

    async def _find(self, request: Request) -> Response:
        if not self._is_merchant(request):
            return _refusal(401, "unknown_key")
        payment = self._books.of_merchant(request.query_params.get("merchant_reference", ""))
        return _refusal(404, "unknown_payment") if payment is None else _answer(payment.shown())

    async def _capture(self, request: Request) -> Response:
        return self._change(request, "captured", ledger.captured)

    async def _cancel(self, request: Request) -> Response:
        return self._change(request, "cancelled", ledger.cancelled)

    async def _refund(self, request: Request) -> Response:
        asked = await _asked(request)
        refund_reference, amount = asked.get("refund_reference"), asked.get("amount_piastres")
        if not isinstance(refund_reference, str) or type(amount) is not int or amount <= 0:
            return _refusal(400, "invalid_request")
        return self._change(
            request, "refunded", lambda each: ledger.refunded(each, refund_reference, amount)
        )

    async def _page(self, request: Request) -> Response:
        payment = self._books.payment(request.path_params["reference"])
        if payment is None:
            return HTMLResponse("There is no such payment.", 404)
        return HTMLResponse(pages.page(payment))

    async def _pay(self, request: Request) -> Response:
        payment = self._books.payment(request.path_params["reference"])
        if payment is None:
            return HTMLResponse("There is no such payment.", 404)
        form = await request.form()
        behaviour = Behaviour.DECLINED
        if form.get("decision") == "approve":
            number = str(form.get("card_number", ""))
            behaviour = behaviour_of(number) if payment.method == "card" else Behaviour.OK
        try:
            payment = self._changed(
                payment.reference, lambda each: ledger.approved(each, behaviour)
            )
        except Refused:
            payment = self._books.payment(payment.reference) or payment
        return _outcome(payment)

    def _change(
        self, request: Request, kind: str, change: Callable[[Payment], Payment]
    ) -> Response:
        if not self._is_merchant(request):
            return _refusal(401, "unknown_key")
        reference = request.path_params["reference"]
        if self._books.payment(reference) is None:
            return _refusal(404, "unknown_payment")
        try:
            return _answer(self._changed(reference, change, kind=kind).shown())
        except Refused as error:
            return _refusal(409, error.code)

    def _changed(
        self, reference: str, change: Callable[[Payment], Payment], *, kind: str | None = None
    ) -> Payment:
        """Change a payment and queue the event that says so, both or neither."""
        with self._books.changing():
            before = self._books.payment(reference)
            if before is None:
                raise Refused("unknown_payment")
            after = change(before)
            if after != before:
                self._books.keep(after)
                queue_event(
                    self._books,
                    kind or after.status,
                    after,
                    before=before,
                    notify_url=self._sandbox.merchant.notify_url,
                    pace=self._sandbox.pace,
                    now=dt.datetime.now(dt.UTC),
                )
        return after

    def _is_merchant(self, request: Request) -> bool:
        shown = request.headers.get("authorization", "").removeprefix("Bearer ").encode("latin-1")
        return secrets.compare_digest(shown, self._sandbox.merchant.api_key.encode())


async def _asked(request: Request) -> dict[str, Any]:
    try:
        asked = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        return {}
    return asked if isinstance(asked, dict) else {}


def _wanted(asked: dict[str, Any]) -> Payment | None:
    merchant_reference, amount = asked.get("merchant_reference"), asked.get("amount_piastres")
    currency, method = asked.get("currency"), asked.get("method")
    return_url = asked.get("return_url")
    good = (
        isinstance(merchant_reference, str)
        and 0 < len(merchant_reference) <= 100
        and type(amount) is int
        and 0 < amount <= _MOST_PIASTRES
        and currency == "EGP"
        and method in _METHODS
        and (return_url is None or _RETURN_URL.fullmatch(str(return_url)))
    )
    if not good:
        return None
    return Payment(
        reference=f"pay_{secrets.token_urlsafe(16)}",
        merchant_reference=str(merchant_reference),
        amount_piastres=int(amount or 0),
        currency=str(currency),
        method=str(method),
        return_url=None if return_url is None else str(return_url),
    )


def _outcome(payment: Payment) -> Response:
    """Say what became of a payment; a browser goes on to the merchant's page by itself.

    To an app there is a link: browsers open one when somebody touches it, not on a redirect alone.
    """
    content, url = pages.result(payment), payment.return_url or ""
    if url.startswith(("http://", "https://")):
        return HTMLResponse(content, 303, {"Location": url})
    return HTMLResponse(content)


def _answer(content: dict[str, Any]) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")


def _refusal(status: int, code: str) -> Response:
    return Response(orjson.dumps({"code": code}), status, media_type="application/json")
