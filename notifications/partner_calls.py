"""Calling a partner's server: where it may be, and what it answers.

An address that a partner gives could lead back into our own network. So in production only HTTPS
to public addresses is called; elsewhere what a machine says of itself and its cloud (link-local,
169.254.169.254) is still out of reach. A name is resolved when it is called, and the connection
goes to the very address that was looked at. Redirects are not followed. Answers count within ten
seconds, and nothing is kept of them but the first words of a refusal.
"""

import asyncio
import datetime as dt
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx

from clutch.errors import ClutchError, InvalidInput
from notifications.retry_after import seconds_to_wait

__all__ = ["Answer", "call", "check_url"]

_SECONDS = 10.0
_CONNECT_SECONDS = 4.0
_WORDS_SECONDS = 2.0
_LONGEST_ERROR = 200
_LONGEST_URL = 500

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_IPV6_IN_USE = ipaddress.ip_network("2000::/3")
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""What networks with IPv6 alone reach IPv4 by (RFC 6052)."""


class Answer(NamedTuple):
    """What became of a call; `error` is None where it was taken."""

    status_code: int | None
    error: str | None
    retry_after_seconds: int | None = None


class _OutOfReach(ClutchError):
    """The address leads where partners are not."""

    def __init__(self, *, public_only: bool) -> None:
        super().__init__(f"the address is {'not public' if public_only else 'link-local'}")


def check_url(url: str, *, public_only: bool) -> None:
    """Check the form of a partner's address; with `public_only` it is HTTPS to a public host.

    Raises
    ------
    InvalidInput
        It cannot be called.

    Examples
    --------
    >>> check_url("https://partner.example.com/hook", public_only=True)
    >>> check_url("http://127.0.0.1:9000/hook", public_only=False)
    >>> check_url("https://10.0.0.7/hook", public_only=True)
    Traceback (most recent call last):
    clutch.errors.InvalidInput: url: expected an https:// address of a public server
    """
    expected = (
        "an https:// address of a public server"
        if public_only
        else "an http(s):// address that is not link-local"
    )
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
        httpx.URL(url)
    except (ValueError, httpx.InvalidURL):
        raise InvalidInput("url", expected) from None
    schemes = {"https"} if public_only else {"https", "http"}
    is_plain = parts.username is None and not parts.fragment and len(url) <= _LONGEST_URL
    if parts.scheme not in schemes or not host or not is_plain:
        raise InvalidInput("url", expected)
    if not _may_be_called(host, public_only=public_only):
        raise InvalidInput("url", expected)


def _may_be_called(host: str, *, public_only: bool) -> bool:
    try:
        return _is_allowed(host, public_only=public_only)
    except ValueError:
        name = host.rstrip(".")
        return not public_only or (
            "." in name and not name.endswith((".local", ".internal", ".localhost"))
        )


def _is_allowed(address: str, *, public_only: bool) -> bool:
    at = ipaddress.ip_address(address)
    return _is_public(at) if public_only else not _plain(at).is_link_local


def _is_public(address: Address) -> bool:
    """Say whether an address is reachable by anybody."""
    address = _plain(address)
    if address.version == 6 and address not in _IPV6_IN_USE:
        return False
    return address.is_global and not address.is_multicast


def _plain(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for, where a network would take it so."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour or address


def call(url: str, *, headers: Mapping[str, str], body: bytes, public_only: bool) -> Answer:
    """Send `body` to a partner; whatever happens is told as an `Answer`."""
    try:
        return asyncio.run(_call(url, headers, body, public_only=public_only))
    except TimeoutError:
        return Answer(None, f"no answer within {_SECONDS:.0f} seconds")
    except (_OutOfReach, OSError, UnicodeError, httpx.HTTPError, httpx.InvalidURL) as error:
        # Of a failed connection only its kind: the text may name addresses of ours.
        return Answer(None, str(error) if isinstance(error, _OutOfReach) else type(error).__name__)


async def _call(url: str, headers: Mapping[str, str], body: bytes, *, public_only: bool) -> Answer:
    asked = httpx.URL(url)
    limits = httpx.Timeout(_SECONDS, connect=_CONNECT_SECONDS)
    async with (
        asyncio.timeout(_SECONDS),
        httpx.AsyncClient(verify=_trust(), trust_env=False, timeout=limits) as client,
    ):
        *others, last = await _addresses(asked, public_only=public_only)
        for address in others:
            # One that takes no connection was told nothing yet.
            with suppress(httpx.ConnectError, httpx.ConnectTimeout):
                return await _told(client, asked, address, headers, body)
        return await _told(client, asked, last, headers, body)


async def _told(
    client: httpx.AsyncClient, url: httpx.URL, address: str, headers: Mapping[str, str], body: bytes
) -> Answer:
    async with client.stream(
        "POST",
        url.copy_with(host=address),
        content=body,
        headers={**headers, "Host": url.netloc.decode()},
        extensions={"sni_hostname": url.raw_host.decode()},
    ) as response:
        if response.is_success:
            return Answer(response.status_code, None)
        said = await _first_words(response)
        wait = seconds_to_wait(response.headers.get("Retry-After"), dt.datetime.now(dt.UTC))
        return Answer(response.status_code, said, wait)


async def _first_words(response: httpx.Response) -> str:
    read = b""
    # The status has come, and counts, however slowly the words follow.
    with suppress(TimeoutError, httpx.HTTPError):
        async with asyncio.timeout(_WORDS_SECONDS):
            async for chunk in response.aiter_raw():
                read += chunk
                if len(read) >= _LONGEST_ERROR:
                    break
    words = read[:_LONGEST_ERROR].decode(errors="replace")
    return "".join(each if each.isprintable() else " " for each in words).strip() or "refused"


async def _addresses(url: httpx.URL, *, public_only: bool) -> list[str]:
    """Return the addresses of the host, the best first; all of them may be called.

    Raises
    ------
    _OutOfReach
        One of them may not.
    """
    port = url.port or (443 if url.scheme == "https" else 80)
    found = await asyncio.get_running_loop().getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
    addresses = [str(address[0]) for *_, address in found]
    if not addresses or not all(_is_allowed(each, public_only=public_only) for each in addresses):
        raise _OutOfReach(public_only=public_only)
    return addresses


@cache
def _trust() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)
