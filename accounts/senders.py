"""Where text messages and e-mail go: a gateway, a mail server, or a file on a developer's machine.

What is sent holds codes and contacts: no sender logs it.
"""

import json
import os
import smtplib
import ssl
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import httpx

from clutch.errors import Unavailable
from clutch.settings import Settings

__all__ = [
    "Gateway",
    "MailServer",
    "Nowhere",
    "Outbox",
    "Sender",
    "email_sender",
    "sms_sender",
]

_SECONDS = 10.0


class Sender(Protocol):
    """Where messages of one kind go."""

    def send(self, destination: str, subject: str, body: str) -> None:
        """Hand one message over.

        Raises
        ------
        Unavailable
            It was not taken; the same message may be taken later.
        """


class Outbox:
    """A file on a developer's machine that takes every message, a JSON line each."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, destination: str, subject: str, body: str) -> None:
        """Add the message to the file, which its owner alone can read."""
        message = {"to": destination, "subject": subject, "body": body}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(
            os.open(self._path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600), "a"
        ) as f:
            f.write(json.dumps(message, ensure_ascii=False) + "\n")


class Nowhere:
    """Stands where nothing is configured in production: refuses, so that jobs say so."""

    def __init__(self, what: str) -> None:
        self._what = what

    def send(self, destination: str, subject: str, body: str) -> None:
        """Refuse the message."""
        raise Unavailable(f"a way to send {self._what} (see CLUTCH_SMTP_URL, CLUTCH_SMS_URL)")


class MailServer:
    """A mail server that takes messages by SMTP, over TLS where the server offers it.

    Parameters
    ----------
    url
        `smtp://user:password@host:587` (STARTTLS, which a log-in needs) or `smtps://...:465`.
    sender
        The address that mail comes from.
    """

    def __init__(self, url: str, *, sender: str) -> None:
        parts = urlsplit(url)
        self._tls_first = parts.scheme == "smtps"
        self._host = parts.hostname or "localhost"
        self._port = parts.port or (465 if self._tls_first else 587)
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._sender = sender

    def send(self, destination: str, subject: str, body: str) -> None:
        """Hand one message over."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._sender, destination, subject
        message.set_content(body)
        try:
            with self._connected() as server:
                self._introduced(server)
                server.send_message(message)
        except (smtplib.SMTPException, OSError) as error:
            raise Unavailable("the mail server") from error

    def _connected(self) -> smtplib.SMTP:
        if self._tls_first:
            return smtplib.SMTP_SSL(self._host, self._port, timeout=_SECONDS, context=_trust())
        return smtplib.SMTP(self._host, self._port, timeout=_SECONDS)

    def _introduced(self, server: smtplib.SMTP) -> None:
        server.ehlo()
        # A password is never sent in clear: without STARTTLS, a log-in fails here.
        if not self._tls_first and (server.has_extn("starttls") or self._user):
            server.starttls(context=_trust())
        if self._user:
            server.login(self._user, self._password)


def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


class Gateway:
    """An SMS gateway that takes `{"to", "text"}` as JSON over HTTPS, with a bearer token."""

    def __init__(self, url: str, *, token: str | None, http: httpx.Client) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = http

    def send(self, destination: str, subject: str, body: str) -> None:
        """Hand one message over; the subject is not part of a text message."""
        message = {"to": destination, "text": body}
        try:
            answer = self._http.post(
                self._url, json=message, headers=self._headers, timeout=_SECONDS
            )
        except httpx.HTTPError as error:
            raise Unavailable("the SMS gateway") from error
        if not answer.is_success:
            raise Unavailable("the SMS gateway")


def sms_sender(settings: Settings, http: httpx.Client) -> Sender:
    """Return where text messages go."""
    if settings.sms_url:
        token = settings.sms_token.get_secret_value() if settings.sms_token else None
        return Gateway(settings.sms_url, token=token, http=http)
    return _unconfigured(settings, "text messages")


def email_sender(settings: Settings) -> Sender:
    """Return where e-mail goes."""
    if settings.smtp_url:
        return MailServer(settings.smtp_url, sender=settings.email_from)
    return _unconfigured(settings, "e-mail")


def _unconfigured(settings: Settings, what: str) -> Sender:
    if settings.environment == "production":
        return Nowhere(what)
    return Outbox(settings.data_directory / "messages.jsonl")
