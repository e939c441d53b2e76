"""Text messages by a gateway, e-mail by a mail server, each of them real enough to refuse."""

import json
import socket
import threading
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest

from accounts.senders import Gateway, MailServer, Nowhere, Outbox, email_sender, sms_sender
from clutch.errors import Unavailable
from clutch.settings import Settings


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as http:
        yield http


@pytest.fixture
def gateway() -> Iterator[Any]:
    """An SMS gateway; `answers` is the status of the next message, `taken` what it got."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.taken.append((self.headers["Authorization"], json.loads(body)))
            self.send_response(server.answers)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    server: Any = HTTPServer(("127.0.0.1", 0), Handler)
    server.taken, server.answers = [], 202
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_text_message_goes_to_the_gateway(gateway: Any, http: httpx.Client) -> None:
    url = f"http://127.0.0.1:{gateway.server_port}/send"
    sender = Gateway(url, token="secret", http=http)
    sender.send("+201012345678", "Subject", "رمز 123456")
    assert gateway.taken == [("Bearer secret", {"to": "+201012345678", "text": "رمز 123456"})]
    gateway.answers = 500
    with pytest.raises(Unavailable, match="the SMS gateway"):
        sender.send("+201012345678", "Subject", "Body")
    with pytest.raises(Unavailable, match="the SMS gateway"):
        Gateway("http://127.0.0.1:1/", token=None, http=http).send("+2010", "Subject", "Body")


@pytest.fixture
def mail_server() -> Iterator[Any]:
    """A mail server without TLS that takes one message a connection."""
    taken: list[str] = []

    def serve(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection, connection.makefile("rw", encoding="utf-8", newline="\r\n") as lines:

            def say(line: str) -> None:
                lines.write(f"{line}\r\n")
                lines.flush()

            say("220 mail.test")
            for line in iter(lines.readline, ""):
                word = line[:4].upper()
                if word == "DATA":
                    say("354 go on")
                    message = "".join(iter(lines.readline, ".\r\n"))
                    taken.append(message)
                say("221 bye" if word == "QUIT" else "250 ok")
                if word == "QUIT":
                    return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=[listening])
        thread.start()
        yield listening.getsockname()[1], taken
        thread.join()


def test_e_mail_goes_to_the_mail_server(mail_server: Any) -> None:
    port, taken = mail_server
    sender = MailServer(f"smtp://127.0.0.1:{port}", sender="Clutch <no-reply@clutch.test>")
    sender.send("mona@mail.test", "رمز كلتش", "رمزك 123456")
    message = message_from_bytes(taken[0].encode(), policy=default)
    assert (message["To"], message["Subject"]) == ("mona@mail.test", "رمز كلتش")
    assert message["From"] == "Clutch <no-reply@clutch.test>"
    assert message.get_content().strip() == "رمزك 123456"


def test_a_mail_server_that_is_away_or_lets_nobody_log_in_safely_is_unavailable(
    mail_server: Any,
) -> None:
    port, taken = mail_server
    with pytest.raises(Unavailable, match="the mail server"):
        MailServer(f"smtp://user:secret@127.0.0.1:{port}", sender="a@b.test").send("a", "b", "c")
    assert taken == []
    with pytest.raises(Unavailable, match="the mail server"):
        MailServer("smtp://127.0.0.1:1", sender="a@b.test").send("a@b.test", "b", "c")


def test_which_sender_it_is_follows_from_the_settings(http: httpx.Client) -> None:
    plain = Settings()
    live = Settings(environment="production")
    named = Settings(smtp_url="smtp://mail.test", sms_url="https://sms.test/send")
    assert (type(sms_sender(plain, http)), type(email_sender(plain))) == (Outbox, Outbox)
    assert (type(sms_sender(live, http)), type(email_sender(live))) == (Nowhere, Nowhere)
    assert (type(sms_sender(named, http)), type(email_sender(named))) == (Gateway, MailServer)
    with pytest.raises(Unavailable, match="a way to send e-mail"):
        email_sender(live).send("a@b.test", "Subject", "Body")
