from __future__ import annotations

import pytest

from nexus.errors import GuestTrap, InvalidResponse, ResourceLimit
from nexus.guest.wasi.context import parse_value
from nexus.model import Context, Limits

from .support import Host, LocalRun, perform


@pytest.mark.parametrize(
    ("stdout", "value"),
    [(b"null", None), (b' {"a": [1.5, "\xc3\xbc"]}\n', {"a": [1.5, "ü"]}), (b'"x"', "x")],
)
def test_values(stdout: bytes, value: object) -> None:
    assert parse_value(stdout) == value


@pytest.mark.parametrize(
    ("stdout", "words"),
    [
        (b"", "wrote nothing"),
        (b" \n", "wrote nothing"),
        (b'{"a": 1,\n x}', "at line 2, column 2"),
        (b"1 2", "at line 1, column 3"),
        (b"\xef\xbb\xbf1", "is not JSON"),
        (b'"\xff"', "not UTF-8 at byte 1"),
        (b"[NaN]", "contains NaN"),
        (b"-Infinity", "contains -Infinity"),
        (b"[" * 1_000_000, "nested too deeply"),
        (b"[1e999]", "a number too large: 1e999"),
        (b"1" * 10_000, "cannot be read"),
    ],
)
def test_what_is_no_value(stdout: bytes, words: str) -> None:
    with pytest.raises(InvalidResponse) as caught:
        parse_value(stdout)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 400


def test_an_exit_code_is_a_failure() -> None:
    def script(host: Host) -> None:
        host.print(b"1")
        host.proc_exit(2)

    with pytest.raises(GuestTrap, match="exited with code 2"):
        perform(script, Context(b"{}"))


def test_a_value_is_capped() -> None:
    with pytest.raises(ResourceLimit):
        perform(lambda host: host.print(b"11"), run=LocalRun(Limits(max_response_bytes=1)))
