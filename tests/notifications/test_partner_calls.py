"""Which addresses of partners are called in production."""

import ipaddress

import pytest

from clutch.errors import InvalidInput
from notifications.partner_calls import _is_public, check_url


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "2001:db8::1",
        "::127.0.0.1",
        "::ffff:0:10.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::10.0.0.1",
        "2002:a00:1::1",
        "fec0::1",
        "fe80::1%eth0",
    ],
)
def test_private_addresses_are_not_public(address: str) -> None:
    assert not _is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "41.33.0.1", "2606:4700::1111", "64:ff9b::8.8.8.8"])
def test_public_addresses_are(address: str) -> None:
    assert _is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://partner.example.com/hook",
        "https://localhost/hook",
        "https://intranet/hook",
        "https://db.internal/hook",
        "https://printer.local./hook",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/hook",
        "https://user:password@partner.example.com/hook",
        "https://partner.example.com/hook#part",
        "https://partner.example.com:port/hook",
        "https:///hook",
        "https://" + "x" * 500 + ".example.com/",
    ],
)
def test_in_production_only_public_https_may_be_entered(url: str) -> None:
    with pytest.raises(InvalidInput, match="url"):
        check_url(url, public_only=True)


@pytest.mark.parametrize(
    "url", ["https://partner.example.com/hook?a=1", "https://8.8.8.8:8443/", "https://شريك.مصر/"]
)
def test_public_https_may(url: str) -> None:
    check_url(url, public_only=True)


@pytest.mark.parametrize(
    "host",
    ["169.254.169.254", "[::ffff:169.254.169.254]", "[64:ff9b::169.254.169.254]", "[fe80::1]"],
)
def test_what_a_machine_says_of_itself_is_never_called(host: str) -> None:
    with pytest.raises(InvalidInput, match="url"):
        check_url(f"http://{host}/latest/meta-data", public_only=False)


def test_in_development_machines_nearby_may_be_entered() -> None:
    for host in ("localhost:9000", "127.0.0.1:9000", "10.0.0.7", "[::1]"):
        check_url(f"http://{host}/hook", public_only=False)
