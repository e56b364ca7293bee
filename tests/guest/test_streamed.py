"""A command whose response leaves as it writes it (`stream = true`), on both engines."""

from __future__ import annotations

from typing import Any

import pytest

from nexus.errors import ClientLeft, GuestTrap, InvalidResponse
from nexus.model import HttpRequest
from tests.clients import Receiver

from .support import handler
from .test_wasi_engines import engine, run_wat  # noqa: F401

PIECES = ("Content-Type: text/plain\nContent-Le", "ngth: 99\n\nfirst;", "second;", "third;")


def writes(*pieces: str, ending: str = "") -> str:
    """A guest that writes these pieces one by one."""
    data, calls, at = "", "", 64
    for piece in pieces:
        escaped = piece.replace("\n", "\\0a")
        data += f'(data (i32.const {at}) "{escaped}")'
        calls += (
            f"(i32.store (i32.const 0) (i32.const {at}))"
            f"(i32.store (i32.const 4) (i32.const {len(piece)}))"
            "(drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))"
        )
        at += len(piece)
    return f'(memory (export "memory") 1) {data} (func (export "_start") {calls} {ending})'


def run(engine: Any, wat: str, receiver: Receiver, *, method: str = "GET") -> Any:  # noqa: F811
    task = HttpRequest({"REQUEST_METHOD": method, "PATH_INFO": "/hello"}, b"", receiver)
    return run_wat(engine, wat, task, handler_=handler(stream=True))


def test_the_body_leaves_piece_by_piece(engine: Any) -> None:  # noqa: F811
    receiver = Receiver()
    run(engine, writes(*PIECES), receiver)
    assert receiver.response is not None
    assert receiver.response.headers == [("Content-Type", "text/plain")]
    assert receiver.parts == [b"first;", b"second;", b"third;"]


def test_an_answer_to_head_is_whole(engine: Any) -> None:  # noqa: F811
    receiver = Receiver()
    response = run(engine, writes(*PIECES), receiver, method="HEAD")
    assert (receiver.response, response.length) == (None, 99)


def test_so_is_one_without_a_body(engine: Any) -> None:  # noqa: F811
    receiver = Receiver()
    assert run(engine, writes("Status: 204\n\n"), receiver).status == 204
    assert receiver.response is None


def test_a_wrong_head_is_an_error(engine: Any) -> None:  # noqa: F811
    receiver = Receiver()
    with pytest.raises(InvalidResponse, match="not a header"):
        run(engine, writes("wrong\n\nbody"), receiver)
    assert receiver.response is None


def test_a_trap_in_the_middle_ends_the_run(engine: Any) -> None:  # noqa: F811
    receiver = Receiver()
    with pytest.raises(GuestTrap):
        run(engine, writes(*PIECES, ending="unreachable"), receiver)
    assert len(receiver.parts) == 3


def test_a_client_that_has_left_ends_it(engine: Any) -> None:  # noqa: F811
    receiver = Receiver(leaves_after=2)
    with pytest.raises(ClientLeft):
        run(engine, writes(*PIECES), receiver)
    assert receiver.parts == [b"first;", b"second;"]
