"""What the manifest's `http` grants, and how URLs are read."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from nexus.outbound.addresses import is_public
from nexus.outbound.grants import Grants, read_grant
from nexus.outbound.target import follow, read_target


@pytest.mark.parametrize(
    ("grant", "url", "granted"),
    [
        ("api.stripe.com", "https://api.stripe.com/v1", True),
        ("api.stripe.com", "http://api.stripe.com", True),
        ("API.Stripe.com", "https://api.STRIPE.com./v1", True),
        ("api.stripe.com", "https://api.stripe.com:8443/", False),
        ("api.stripe.com", "https://api.stripe.com:80/", False),
        ("api.stripe.com", "https://evil-api.stripe.com/", False),
        ("api.stripe.com", "https://api.stripe.com.evil.org/", False),
        ("https://api.stripe.com", "http://api.stripe.com/", False),
        ("api.stripe.com:8443", "https://api.stripe.com:8443/", True),
        ("api.stripe.com:8443", "https://api.stripe.com/", False),
        ("*.example.org", "https://a.example.org/", True),
        ("*.example.org", "https://a.b.example.org/", True),
        ("*.example.org", "https://example.org/", False),
        ("*.example.org", "https://evilexample.org/", False),
        ("*.example.org:8443", "https://a.example.org:8443/", True),
        ("*", "https://anything.example/", True),
        ("*", "https://8.8.8.8/", False),
        ("*:8080", "http://anything.example:8080/", True),
        ("http://10.1.2.3:8080", "http://10.1.2.3:8080/x?y", True),
        ("http://10.1.2.3:8080", "http://10.1.2.3/", False),
        ("http://10.1.2.3:8080", "https://10.1.2.3:8080/", False),
        ("[2001:DB8::1]", "http://[2001:db8:0:0::1]/", True),
    ],
)
def test_what_a_grant_allows(grant: str, url: str, granted: bool) -> None:
    assert (Grants([grant]).find(read_target(url)) is not None) is granted


@pytest.mark.parametrize(
    "text",
    [
        *("", "ftp://example.org", "example.org/path", "example.org:0", "example.org:65536"),
        *("user@example.org", "*example.org", "a.*.org", "**", "*.", "*.1.2.3.4", "*.2.3"),
        *("01.2.3.4", "1.2.3", "0x7f000001", "[::1", "[::1%eth0]", "münchen.example", "a..b"),
        *("https://", "http://a://b", " example.org", "a" * 64 + ".org", "10.0.0.0/8"),
    ],
)
def test_what_is_not_a_grant(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_grant(text)


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/other?x=1#part", "https://a.example/other?x=1"),
        ("next", "https://a.example/dir/next"),
        ("../up", "https://a.example/up"),
        ("//b.example/", "https://b.example/"),
        ("http://b.example:8080", "http://b.example:8080/"),
        ("?q", "https://a.example/dir/page?q"),
        ("/h\xe9", "https://a.example/h%E9"),
    ],
)
def test_where_a_redirect_leads(location: str, url: str) -> None:
    assert follow(read_target("https://a.example/dir/page"), location).url == url


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("1.1.1.1", True),
        ("8.8.8.8", True),
        ("169.253.255.255", True),
        ("172.15.0.1", True),
        ("172.32.0.1", True),
        ("2606:4700:4700::1111", True),
        ("64:ff9b::808:808", True),
        *((text, False) for text in ("0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255")),
        *((text, False) for text in ("100.64.0.1", "100.100.100.200", "127.0.0.1", "127.9.9.9")),
        *((text, False) for text in ("168.63.129.16", "169.254.169.254", "172.16.0.1")),
        *((text, False) for text in ("172.31.255.255", "192.0.0.192", "192.0.2.1", "192.168.1.1")),
        *((text, False) for text in ("198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255")),
        *(
            (text, False)
            for text in ("::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8")
        ),
        *((text, False) for text in ("64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "2001::1")),
        *((text, False) for text in ("2001:db8::1", "2002:7f00:1::", "3fff::1", "fc00::1")),
        *(
            (text, False)
            for text in ("fd00:ec2::254", "fe80::1", "fe80::1%1", "fec0::1", "ff02::1")
        ),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public
