"""The proxy of the fault tests cuts as it should, and their client takes no part for the whole."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest


class Quiet(ThreadingHTTPServer):
    """Does not complain of those who hang up."""

    def handle_error(self, *_: Any) -> None:
        pass


class Echo(BaseHTTPRequestHandler):
    """Sends back what it is sent; counts what arrived whole."""

    whole = 0

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["content-length"]))
        if len(sent) == int(self.headers["content-length"]):
            type(self).whole += 1
        self.send_response(200)
        self.send_header("content-length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def echo_port() -> Iterator[int]:
    Echo.whole = 0
    with Quiet(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def outcomes(port: int, count: int) -> list[bool]:
    """Say of each request, on a connection of its own, whether its whole answer came."""

    def came(client: httpx.Client, number: int) -> bool:
        body = f"{number:0200}".encode()
        try:
            return client.post(f"http://127.0.0.1:{port}", content=body).content == body
        except httpx.TransportError:
            return False

    once_each = httpx.Limits(max_keepalive_connections=0)
    with httpx.Client(limits=once_each, trust_env=False) as client:
        return [came(client, number) for number in range(count)]


def test_it_cuts_the_share_asked_for_and_passes_the_rest_untouched(
    echo_port: int, cutting_proxy: Any
) -> None:
    proxy = cutting_proxy(echo_port, share=0.3, seed=1)
    came = outcomes(proxy.port, 300)
    assert 0.2 < came.count(False) / 300 < 0.35
    assert min(proxy.cuts.values()) > 5
    # Some requests were done although nobody heard so: that is what makes a client try again.
    assert came.count(True) < Echo.whole < 300


def test_without_a_share_it_cuts_nothing(echo_port: int, cutting_proxy: Any) -> None:
    proxy = cutting_proxy(echo_port, share=0.0, seed=1)
    assert all(outcomes(proxy.port, 50))
    assert sum(proxy.cuts.values()) == 0


def test_a_server_that_is_away_is_a_cut_connection(cutting_proxy: Any) -> None:
    proxy = cutting_proxy(1, share=0.0, seed=1)
    assert outcomes(proxy.port, 3) == [False, False, False]


def test_an_answer_that_was_cut_in_its_headers_is_asked_for_again(persistent: Any) -> None:
    whole = b"HTTP/1.1 201 Created\r\ncontent-length: 4\r\n\r\ndone"
    cut = whole[: whole.index(b" 4\r\n")]

    def answer(listening: socket.socket) -> None:
        for said in (cut, whole):
            connection, _ = listening.accept()
            with connection:
                heard = b""
                while not heard.endswith(b"{}"):
                    heard += connection.recv(65_536)
                connection.sendall(said)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=answer, args=[listening])
        thread.start()
        client = persistent(listening.getsockname()[1])
        assert client.post("/", {}, headers={}, key="a key").content == b"done"
        assert client.attempts == 2
        thread.join()
