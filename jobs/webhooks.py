"""Messages to partners on their way."""

from uuid import UUID

from accounts.sealing import Unreadable
from jobs.registry import task
from jobs.tools import Tools
from notifications import partner_calls, webhooks
from notifications.partner_calls import Answer
from notifications.webhooks import Request
from storage.session import PLATFORM, transaction

__all__ = ["deliver"]


@task("webhooks.deliver")
def deliver(tools: Tools, *, delivery_id: str) -> None:
    """Send a message to its endpoint; where it is not taken, the next try is queued."""
    id = UUID(delivery_id)
    try:
        with transaction(tools.engine, PLATFORM) as session:
            request = webhooks.next_request(session, id, seals=tools.seals(), now=tools.now())
    except Unreadable as error:
        answer = Answer(None, f"{error} (see CLUTCH_WEBHOOK_KEYS)")
    else:
        if request is None:
            return
        answer = _called(tools, request)
    with transaction(tools.engine, PLATFORM) as session:
        webhooks.settle(session, id, answer, now=tools.now())


def _called(tools: Tools, request: Request) -> Answer:
    return partner_calls.call(
        request.url,
        headers=request.headers,
        body=request.body,
        public_only=tools.settings.environment == "production",
    )
