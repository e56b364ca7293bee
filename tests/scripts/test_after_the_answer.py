"""`context.waitUntil`: the answer leaves first, then the run goes on."""

from __future__ import annotations

import pytest

from nexus.errors import DeadlineExceeded, GuestTrap, InvalidResponse
from nexus.model import Limits
from tests.clients import Receiver

from .support import LIMITS, Scripts

LATER = """export default { fetch(request, env, ctx) {
  ctx.waitUntil(new Promise((done) => setTimeout(done, 20)).then(() => console.log("after")));
  return new Response("now", { status: 201, headers: { "x-a": "b" } });
} };"""


def test_the_answer_leaves_first(scripts: Scripts) -> None:
    receiver = Receiver()
    scripts.receive(scripts.handler(LATER), receiver)
    assert receiver.response is not None
    assert (receiver.response.status, receiver.response.body) == (201, b"now")
    assert ("x-a", "b") in receiver.response.headers
    assert (receiver.log_then, scripts.log()) == (b"", "after\n")


def test_a_service_workers_event_waits_too(scripts: Scripts) -> None:
    receiver = Receiver()
    source = """addEventListener("fetch", (event) => {
      event.waitUntil(Promise.resolve().then(() => console.log("after")));
      event.respondWith(new Response("now"));
    });"""
    scripts.receive(scripts.handler(source), receiver)
    assert receiver.response is not None
    assert (receiver.response.body, scripts.log()) == (b"now", "after\n")


def test_one_wait_may_add_another(scripts: Scripts) -> None:
    source = """export default { fetch(request, env, ctx) {
      ctx.waitUntil((async () => {
        await new Promise((done) => setTimeout(done, 5));
        ctx.waitUntil(Promise.resolve().then(() => console.log("second")));
      })());
      return new Response("now");
    } };"""
    scripts.receive(scripts.handler(source), Receiver())
    assert scripts.log() == "second\n"


def test_without_a_sender_the_answer_waits(scripts: Scripts) -> None:
    assert scripts.fetch(scripts.handler(LATER)).body == b"now"
    assert scripts.log() == "after\n"


def test_without_waits_nothing_is_sent_early(scripts: Scripts) -> None:
    receiver = Receiver()
    response = scripts.receive(
        scripts.handler("export default () => new Response('now')"), receiver
    )
    assert (receiver.response, response.body) == (None, b"now")


def test_the_instance_is_reset_afterwards(scripts: Scripts) -> None:
    source = """let seen = 0; export default { fetch(request, env, ctx) {
      ctx.waitUntil(new Promise((done) => setTimeout(done, 5)).then(() => { seen += 1; }));
      return new Response(String(seen++));
    } };"""
    handler, made = scripts.handler(source), scripts.pool.instances_created()
    for _ in range(3):
        receiver = Receiver()
        scripts.receive(handler, receiver)
        assert receiver.response is not None
        assert receiver.response.body == b"0"
    assert scripts.pool.instances_created() <= made + 1


def test_the_deadline_holds_after_the_answer(scripts: Scripts) -> None:
    source = """export default { fetch(request, env, ctx) {
      ctx.waitUntil(new Promise(() => setInterval(() => {}, 1)));
      return new Response("now");
    } };"""
    limits = Limits(timeout_s=0.2, memory_bytes=LIMITS.memory_bytes)
    receiver = Receiver()
    with pytest.raises(DeadlineExceeded):
        scripts.receive(scripts.handler(source, limits=limits), receiver)
    assert receiver.response is not None
    assert receiver.response.body == b"now"


def test_a_wait_that_can_never_end_is_an_error(scripts: Scripts) -> None:
    source = """export default { fetch(request, env, ctx) {
      ctx.waitUntil(new Promise(() => {}));
      return new Response("now");
    } };"""
    receiver = Receiver()
    with pytest.raises(GuestTrap, match="never settles"):
        scripts.receive(scripts.handler(source), receiver)
    assert receiver.response is not None


def test_an_invalid_answer_is_not_sent(scripts: Scripts) -> None:
    source = """export default { fetch(request, env, ctx) {
      ctx.waitUntil(Promise.resolve());
      return new Response("now", { headers: { "content-length": "7" } });
    } };"""
    receiver = Receiver()
    with pytest.raises(InvalidResponse, match="Content-Length"):
        scripts.receive(scripts.handler(source), receiver)
    assert receiver.response is None


def test_a_request_for_the_head_gets_the_length(scripts: Scripts) -> None:
    receiver = Receiver()
    scripts.receive(scripts.handler(LATER), receiver, REQUEST_METHOD="HEAD")
    assert receiver.response is not None
    assert (receiver.response.body, receiver.response.length) == (b"", 3)
