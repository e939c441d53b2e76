"""How simulated people reach the server: each from an address of their own, as people do.

A machine is thousands of addresses to itself, 127.0.0.1 to 127.255.255.254 (RFC 1122, 3.2.1.3; not
so on macOS). So a server on this machine counts what each person asks for, and not all of it as the
doing of one.
"""

import ipaddress
import ssl
import sys
from urllib.parse import urlsplit

import aiohttp
import httpx

__all__ = ["Lines"]

_FIRST = int(ipaddress.IPv4Address("127.1.0.1"))
_LOOPBACK = ("localhost", "127.0.0.1")
_TIMEOUT_SECONDS = 15.0


class Lines:
    """Gives out addresses and what to call from them; `url` is that of the server."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._own = urlsplit(url).hostname in _LOOPBACK and sys.platform != "darwin"
        self._given = 0
        # Made once: reading the certificates takes longer than a request.
        self._ssl = ssl.create_default_context()

    def address(self) -> str | None:
        """Return an address nobody else calls from; None: it is the machine's to choose."""
        self._given += 1
        return str(ipaddress.IPv4Address(_FIRST + self._given)) if self._own else None

    def http(self, address: str | None) -> httpx.AsyncClient:
        """Return a client that calls the server from an address."""
        return httpx.AsyncClient(
            base_url=self.url,
            timeout=_TIMEOUT_SECONDS,
            transport=httpx.AsyncHTTPTransport(verify=self._ssl, local_address=address),
        )

    def socket(self, address: str | None) -> aiohttp.ClientSession:
        """Return a session whose sockets reach the server from an address."""
        local = (address, 0) if address else None
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(local_addr=local))
