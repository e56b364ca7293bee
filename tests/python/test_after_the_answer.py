"""`wait_until`: the answer leaves first, then the run goes on."""

from __future__ import annotations

import pytest

from nexus.errors import DeadlineExceeded, GuestTrap
from nexus.model import Limits
from tests.clients import Receiver

from .support import LIMITS, Pythons

LATER = """
import asyncio

async def slow():
    await asyncio.sleep(0.02)
    print("slow")

async def fetch(request, env, ctx):
    ctx.wait_until(slow())
    ctx.waitUntil(lambda: print("function"))
    return "now", 201
"""


def test_the_answer_leaves_first(python: Pythons) -> None:
    receiver = Receiver()
    python.receive(python.handler(LATER), receiver)
    assert receiver.response is not None
    assert (receiver.response.status, receiver.response.body) == (201, b"now")
    assert (receiver.log_then, python.log()) == (b"", "slow\nfunction\n")


def test_a_wsgi_application_may_go_on_too(python: Pythons) -> None:
    source = """
from nexus import wait_until
def app(environ, start_response):
    wait_until(lambda: print("after"))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"now"]
"""
    receiver = Receiver()
    python.receive(python.handler(source), receiver)
    assert receiver.response is not None
    assert (receiver.response.body, receiver.log_then, python.log()) == (b"now", b"", "after\n")


def test_without_a_sender_the_answer_waits(python: Pythons) -> None:
    assert python.fetch(python.handler(LATER)).body == b"now"
    assert python.log() == "slow\nfunction\n"


def test_an_error_afterwards_goes_to_the_log_and_the_rest_runs(python: Pythons) -> None:
    source = """
def fail():
    raise ValueError("late")
def fetch(request, env, ctx):
    ctx.wait_until(fail)
    ctx.wait_until(lambda: print("on"))
    return "now"
"""
    python.receive(python.handler(source), Receiver())
    assert "<3>Traceback" in python.log()
    assert "ValueError: late" in python.log()
    assert 'hello.py", line 3, in fail' in python.log()
    assert python.log().endswith("on\n")


def test_the_deadline_holds_after_the_answer(python: Pythons) -> None:
    source = """
import time
def fetch(request, env, ctx):
    ctx.wait_until(lambda: time.sleep(60))
    return "now"
"""
    receiver = Receiver()
    limits = Limits(timeout_s=0.5, memory_bytes=LIMITS.memory_bytes)
    with pytest.raises(DeadlineExceeded):
        python.receive(python.handler(source, limits=limits), receiver)
    assert receiver.response is not None
    assert receiver.response.body == b"now"


@pytest.mark.parametrize(
    ("argument", "message"), [("3", "takes an awaitable or a function, not 3")]
)
def test_other_arguments_are_refused(python: Pythons, argument: str, message: str) -> None:
    source = f"def fetch(request, env, ctx):\n    ctx.wait_until({argument})\n    return 'now'"
    assert message in str(python.failure(python.handler(source)))


def test_a_context_has_no_answer_to_go_on_after(python: Pythons) -> None:
    source = "import nexus\ndef run(context):\n    nexus.wait_until(print)\n    return 1"
    with pytest.raises(GuestTrap, match="wait_until works in an HTTP request"):
        python.evaluate(python.handler(source), "{}")
