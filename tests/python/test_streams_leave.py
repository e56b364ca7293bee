"""`stream = true`: what an iterator or a WSGI application gives leaves at once."""

from __future__ import annotations

import pytest

from nexus.errors import ClientLeft, GuestTrap
from tests.clients import Receiver

from .support import Pythons

PLAIN = """
from nexus import Response
def parts():
    for n in range(3):
        print("made", n)
        yield f"{n};"
def fetch(request):
    return Response(parts(), 201, {"x-a": "b"})
"""
ASYNC = """
import asyncio
async def parts(lock):
    for n in range(3):
        async with lock:
            await asyncio.sleep(0.001)
        yield b"%d;" % n
async def fetch(request):
    from nexus import Response
    return Response(parts(asyncio.Lock()), 201, {"x-a": "b"})
"""
WSGI = """
def app(environ, start_response):
    write = start_response("201 Made", [("x-a", "b"), ("Content-Length", "6")])
    write(b"0;")
    yield b""
    yield b"1;"
    yield b"2;"
"""


@pytest.mark.parametrize("source", [PLAIN, ASYNC, WSGI])
def test_parts_leave_one_by_one(python: Pythons, source: str) -> None:
    if source is WSGI:
        source = WSGI.replace('    write(b"0;")\n', '    yield b"0;"\n')
    receiver = Receiver()
    python.receive(python.handler(source, stream=True), receiver)
    assert receiver.response is not None
    assert (receiver.response.status, receiver.response.headers) == (201, [("x-a", "b")])
    assert receiver.parts == [b"0;", b"1;", b"2;"]


def test_the_head_leaves_before_the_first_part_is_made(python: Pythons) -> None:
    receiver = Receiver()
    python.receive(python.handler(PLAIN, stream=True), receiver)
    assert (receiver.log_then, python.log()) == (b"", "made 0\nmade 1\nmade 2\n")


@pytest.mark.parametrize("source", [PLAIN, ASYNC])
def test_otherwise_the_parts_are_joined(python: Pythons, source: str) -> None:
    answer = python.fetch(python.handler(source))
    assert (answer.status, answer.body) == (201, b"0;1;2;")


def test_a_function_that_writes(python: Pythons) -> None:
    source = """
def app(environ, start_response):
    write = start_response("200 OK", [])
    write(b"0;")
    return [b"1;"]
"""
    receiver = Receiver()
    python.receive(python.handler(source, stream=True), receiver)
    assert receiver.parts == [b"0;", b"1;"]
    assert python.fetch(python.handler(source)).body == b"0;1;"


def test_work_after_the_stream(python: Pythons) -> None:
    source = PLAIN.replace("(request)", "(request, env, ctx)").replace(
        "    return Response", "    ctx.wait_until(lambda: print('after'))\n    return Response"
    )
    receiver = Receiver()
    python.receive(python.handler(source, stream=True), receiver)
    assert len(receiver.parts) == 3
    assert python.log().endswith("made 2\nafter\n")


@pytest.mark.parametrize("pause", ["", "        import time; time.sleep(60)\n"])
def test_a_client_that_leaves_ends_the_guest(python: Pythons, pause: str) -> None:
    source = f"""
from nexus import Response
def parts():
    while True:
        yield b"more"
{pause}
def fetch(request):
    return Response(parts())
"""
    receiver = Receiver(leaves_after=1)
    with pytest.raises(ClientLeft):
        python.receive(python.handler(source, stream=True), receiver)
    assert receiver.parts == [b"more"]


def test_an_error_in_a_part_ends_the_run(python: Pythons) -> None:
    receiver = Receiver()
    source = PLAIN.replace('f"{n};"', "n")
    with pytest.raises(GuestTrap, match="a body gives bytes or text, not int: 0"):
        python.receive(python.handler(source, stream=True), receiver)
    assert receiver.response is not None
