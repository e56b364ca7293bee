"""Hosts: every one that is taken stands for itself in a URL; what does not is refused."""

from __future__ import annotations

import pytest

from nexus.guest.authority import Authority, parse_authority

HOSTS = {
    "example.org": ("example.org", ""),
    "EXAMPLE.org.": ("EXAMPLE.org.", ""),
    "a_b-c.d": ("a_b-c.d", ""),
    "localhost:8000": ("localhost", "8000"),
    "localhost:": ("localhost", ""),
    "localhost:0": ("localhost", "0"),
    "localhost:65535": ("localhost", "65535"),
    "localhost:00080": ("localhost", "00080"),
    "127.0.0.1:80": ("127.0.0.1", "80"),
    "255.255.255.255": ("255.255.255.255", ""),
    "1.example": ("1.example", ""),
    "0x7f.example": ("0x7f.example", ""),
    "[::1]": ("[::1]", ""),
    "[2001:DB8::1]:443": ("[2001:DB8::1]", "443"),
    "[::ffff:1.2.3.4]": ("[::ffff:1.2.3.4]", ""),
    "xn--mnchen-3ya.de": ("xn--mnchen-3ya.de", ""),
    "a!$&'()*+;=~b": ("a!$&'()*+;=~b", ""),
    "a" * 255: ("a" * 255, ""),
}


@pytest.mark.parametrize("text", HOSTS)
def test_hosts(text: str) -> None:
    assert parse_authority(text) == Authority(*HOSTS[text])


WRONG = [
    *("", " ", "a b", " a", "a ", "a\t", "a\nb", "a\0", "a\x7f", "é", "\xff"),
    *("a/admin?", "a/", "a?", "a#b", "a\\b", "a@b", "user:pw@a", "a|b", "a^b", "a<b>", 'a"', "a`"),
    *("a,b", "a, b", "a%2Fb", "a%", "{a}"),
    *(":", ":80", "a:99999", "a:65536", "a:123456", "a:-1", "a:+1", "a:8o", "a:80:80", "a::80"),
    *(
        "::1",
        "[::1",
        "::1]",
        "[]",
        "[::1]x",
        "[::1]:x",
        "[::1]:65536",
        "[v1.a]",
        "[fe80::1%25eth0]",
    ),
    *("[1.2.3.4]", "[:::1]", "[::1::]", "[12345::]", "a[::1]"),
    *(
        "1",
        "1.2.3",
        "1.2.3.4.5",
        "256.1.1.1",
        "1.2.3.04",
        "1.2.3.4.",
        "0x7f.1",
        "a.0x",
        "a.1",
        "a.1.",
    ),
    *("xn--", "xn--a.de", "xn--\x80"),
    "a" * 256,
]


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_host(text: str) -> None:
    assert parse_authority(text) is None
