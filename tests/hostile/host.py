"""Guests that abuse the functions of the module `nexus`. Statuses are those of `docs/abi.md`."""

from __future__ import annotations

from .case import OK, Case, answering, endless, start

DENIED, INVALID, UNAVAILABLE, FAULT, FAILED = -2, -3, -4, -5, -7
ALL = 'capabilities = ["state:read:*", "state:write:*", "events:emit:*", "ext:*"]\n'
_STRINGS = '(data (i32.const 100) "key[1]")'


def _i32(*numbers: int) -> str:
    return " ".join(f"(i32.const {number})" for number in numbers)


_CALL = f"(call $ext_call {_i32(100, 3, 100, 3, 103, 3)})"


def _status(name: str, call: str, status: int, manifest: str = ALL) -> Case:
    rest = f"{_STRINGS} (func $f (result i32) {call})"
    body = bytes([status & 0xFF])
    return Case(name, answering("(call $f)", rest), OK, manifest, body=body)


def _endless(name: str, call: str) -> Case:
    module = start(endless(f"(drop {call})"), _STRINGS)
    return Case(name, module, "RESOURCE_LIMIT", ALL)


CASES = [
    _status("state-without-a-grant", f"(call $state_get {_i32(100, 3, 0, 0)})", DENIED, ""),
    _status("state-without-a-context", f"(call $state_get {_i32(100, 3, 0, 0)})", UNAVAILABLE),
    _status("key-beyond-the-memory", f"(call $state_get {_i32(65530, 7, 0, 0)})", FAULT),
    _status("key-at-minus-one", f"(call $state_get {_i32(-1, 1, 0, 0)})", FAULT),
    _status("key-of-negative-length", f"(call $state_get {_i32(100, -1, 0, 0)})", FAULT),
    _status("key-of-a-page", f"(call $state_get {_i32(0, 65536, 0, 0)})", INVALID),
    _status("key-of-nothing", f"(call $state_get {_i32(100, 0, 0, 0)})", INVALID),
    _status("value-that-wraps-around", f"(call $emit {_i32(100, 3, -16, 32)})", FAULT),
    _status("log-of-all-memory-and-more", f"(call $log {_i32(1, 0, 65537)})", FAULT),
    _status(
        "extension-that-nobody-has", f"(call $ext_call {_i32(100, 3, 100, 3, 103, 3)})", FAILED
    ),
    _status(
        "error-message-beyond-the-memory",
        f"(drop {_CALL})(call $ext_result {_i32(65530, 65536)})",
        FAULT,
    ),
    _endless("flood-of-logs", f"(call $log {_i32(3, 0, 65536)})"),
    _endless("flood-of-denials", f"(call $state_set {_i32(100, 3, 103, 3)})"),
    _endless("flood-of-extension-calls", _CALL),
]
