"""What tokens grant, and what is no token."""

from __future__ import annotations

import pytest

from nexus.plugin_api.capabilities import (
    EMIT,
    EXTENSION,
    MAX_KEY_BYTES,
    READ_STATE,
    SCOPES,
    UPDATE_VIEW,
    WRITE_STATE,
    Capabilities,
    capabilities_of,
    check_token,
)


@pytest.mark.parametrize("scope", SCOPES)
def test_nothing_is_granted_by_default(scope: str) -> None:
    for granted in (Capabilities(), Capabilities(["http:authorization"])):
        assert not granted.allows(scope, "key")
        assert not granted.allows(scope, "*")


@pytest.mark.parametrize(
    ("token", "scope", "key", "other"),
    [
        ("state:read:cart", READ_STATE, "cart", "cart2"),
        ("state:read:cart:items:*", READ_STATE, "cart:items:*", "cart:items:1"),
        ("state:write:a", WRITE_STATE, "a", "A"),
        ("events:emit:order.placed", EMIT, "order.placed", "order"),
        ("view:update:läst", UPDATE_VIEW, "läst", "last"),
        ("ext:mail", EXTENSION, "mail", "mail:"),
        ("ext:state:read:a", EXTENSION, "state:read:a", "a"),
    ],
)
def test_a_token_grants_one_key_of_one_scope(token: str, scope: str, key: str, other: str) -> None:
    granted = Capabilities([check_token(token)])
    assert granted.allows(scope, key)
    assert not granted.allows(scope, other)
    assert not any(granted.allows(name, key) for name in SCOPES if name != scope)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_star_grants_a_whole_scope_and_no_other(scope: str) -> None:
    granted = Capabilities([f"{scope}:*"])
    assert granted.allows(scope, "anything:at all")
    assert not any(granted.allows(name, "anything") for name in SCOPES if name != scope)


@pytest.mark.parametrize(
    "token",
    [
        *("", "*", "state", "state:read", "state:read:", "state:*", "state:read*", "ext", "ext:"),
        *(" ext:a", "EXT:a", "ext:a\n", "ext:\x7f", "ext:a\0", "http:*", "http:authorization:x"),
        *("events:emit", "view:update:", "state:delete:a", "ext:" + "x" * (MAX_KEY_BYTES + 1)),
        "ext:" + "ü" * (MAX_KEY_BYTES // 2) + "x",
        "ext:\ud800",
    ],
)
def test_what_is_no_token(token: str) -> None:
    with pytest.raises(ValueError, match=r"capability|key|encode"):
        check_token(token)
    with pytest.raises(ValueError, match=r"capability|key|encode"):
        Capabilities([token])


def test_the_same_tokens_are_parsed_once() -> None:
    assert capabilities_of(("ext:a",)) is capabilities_of(("ext:a",))
