"""How the API reaches the payment provider, and the sandbox it serves to developers."""

from contextlib import AsyncExitStack

import httpx
from fastapi import FastAPI

from api.state import State
from clutch.errors import InvalidInput
from clutch.settings import Settings
from orders.payments.hosted import (
    SANDBOX_PATH,
    WEBHOOKS_PATH,
    local_address,
    open_provider,
    provider_key,
    webhook_secrets,
)
from sandbox.app import Merchant, Sandbox

__all__ = ["assert_method_taken", "enter_provider", "mount_sandbox"]

_SECONDS = 10.0


def mount_sandbox(app: FastAPI, settings: Settings) -> Sandbox | None:
    """Have `app` serve the sandbox: in development only, where no provider is named.

    It knows Clutch by the key of the settings, and signs with the newest secret of theirs.
    """
    if settings.environment == "production" or settings.payment_provider_url:
        return None
    sandbox = Sandbox(
        directory=settings.data_directory,
        merchant=Merchant(
            api_key=provider_key(settings),
            webhook_secret=webhook_secrets(settings)[0],
            notify_url=local_address(settings) + WEBHOOKS_PATH,
        ),
    )
    app.mount(SANDBOX_PATH, sandbox.app)
    return sandbox


def enter_provider(
    stack: AsyncExitStack, state: State, settings: Settings, sandbox: Sandbox | None
) -> None:
    """Give `state` the provider; `stack` lets go of it, and stops the sandbox."""
    http = stack.enter_context(httpx.Client(timeout=_SECONDS, trust_env=False))
    state.provider = open_provider(settings, http)
    state.webhook_secrets = webhook_secrets(settings)
    if sandbox is not None:
        stack.enter_context(sandbox.running())


def assert_method_taken(state: State, method: str) -> None:
    """Check that an order can be paid by this method here.

    Raises
    ------
    InvalidInput
        It needs a provider, and there is none.
    """
    if state.provider is None and method != "cash_on_delivery":
        raise InvalidInput("payment_method", "cash_on_delivery: cards and wallets are not taken")
