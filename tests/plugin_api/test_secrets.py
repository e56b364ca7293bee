"""Tables of options as anybody may see them."""

from __future__ import annotations

from datetime import date

import pytest

from nexus.plugin_api.secrets import HIDDEN, conceal, public


@pytest.mark.parametrize(
    "key",
    ["password", "passphrase", "API_KEY", "authToken", "client_secret", "dsn", "headers", "pin"],
)
@pytest.mark.parametrize("value", ["hunter2", 1234, ["hunter2"], {"a": "hunter2"}, None])
def test_a_secrets_key_hides_whatever_it_has(key: str, value: object) -> None:
    assert public({key: value}) == {key: HIDDEN}


@pytest.mark.parametrize("key", ["pinned", "host", "timeout_s", "database"])
def test_other_keys_hide_nothing(key: str) -> None:
    assert public({key: "value"}) == {key: "value"}


def test_a_switch_is_no_secret() -> None:
    assert public({"use_token": True, "verify_cert": False}) == {
        "use_token": True,
        "verify_cert": False,
    }


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        ("redis://user:hunter2@host:6379/0", f"redis://{HIDDEN}host:6379/0"),
        ("http://host/path?token=hunter2", f"http://host/path?{HIDDEN}"),
        ("http://host/#hunter2", f"http://host/#{HIDDEN}"),
        ("http://a@b@host/", f"http://{HIDDEN}host/"),
        ("http://host/path", "http://host/path"),
        ("mail@host", "mail@host"),
    ],
)
def test_an_address_shows_neither_who_asks_nor_what(address: str, seen: str) -> None:
    assert public({"at": [address]}) == {"at": [seen]}


def test_secrets_deep_inside_are_hidden_too() -> None:
    table = {"servers": [{"host": "a", "password": "hunter2"}], "pair": ("redis://u:p@h", 1)}
    assert public(table) == {
        "servers": [{"host": "a", "password": HIDDEN}],
        "pair": [f"redis://{HIDDEN}h", 1],
    }


def test_values_that_json_has_no_word_for_are_text() -> None:
    assert public([date(2025, 1, 31), 1.5, True]) == ["2025-01-31", 1.5, True]


def test_known_secrets_are_concealed_line_by_line() -> None:
    pem = "-----BEGIN-----\nMIIB\nMIIBxx\n-----END-----"
    text = f"key {pem!r} and MIIBxx, sk_live and sk_live_1"
    shown = conceal(text, [pem, "sk_live", "sk_live_1"])
    assert not any(part in shown for part in ("MII", "xx", "sk_live", "_1", "BEGIN"))
    assert shown.startswith("key '(hidden)\\n")
    assert shown.endswith("(hidden) and (hidden)")


def test_a_short_secret_stays() -> None:
    assert conceal("a1b", ["1", ""]) == "a1b"
