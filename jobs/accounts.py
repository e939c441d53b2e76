"""Jobs of accounts: sending codes, and forgetting what has had its day."""

from accounts import codes, idempotency, sign_in
from accounts.codes import Purpose
from accounts.contacts import is_phone
from clutch.errors import SetupNeeded
from jobs.registry import periodic, task
from jobs.tools import Tools
from storage.session import PLATFORM, transaction

__all__ = ["forget_old", "send_code"]


@task("accounts.send_code", retries=3)
def send_code(tools: Tools, *, destination: str, purpose: str) -> None:
    """Make a code and send it, if the destination is somebody's; run again, it sends another."""
    if tools.settings.token_key is None:
        raise SetupNeeded("set CLUTCH_TOKEN_KEY, which codes are hashed with")
    with transaction(tools.engine, PLATFORM) as session:
        message = codes.new_code(
            session,
            destination=destination,
            purpose=Purpose(purpose),
            key=tools.settings.token_key.get_secret_value(),
            now=tools.now(),
        )
    if message is not None:
        sender = tools.sms if is_phone(destination) else tools.email
        sender.send(destination, message.subject, message.body)


@periodic("17 * * * *", "accounts.forget_old")
def forget_old(tools: Tools) -> None:
    """Forget answers kept under idempotency keys, dead codes and dead refresh tokens."""
    now = tools.now()
    with transaction(tools.engine, PLATFORM) as session:
        idempotency.forget_old(session, now=now)
        codes.forget_old(session, now=now)
        sign_in.forget_old(session, now=now)
