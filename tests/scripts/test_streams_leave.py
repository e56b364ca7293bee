"""`stream = true`: the chunks of a ReadableStream leave as the handler writes them."""

from __future__ import annotations

import pytest

from nexus.errors import ClientLeft, GuestTrap, InvalidResponse
from tests.clients import Receiver

from .support import Scripts

COUNTS = """export default { fetch() {
  let n = 0;
  const pull = async (controller) => {
    if (n === 3) { console.log("closed"); return controller.close(); }
    await new Promise((done) => setTimeout(done, 2));
    controller.enqueue(new TextEncoder().encode(`${n++};`));
  };
  const headers = { "content-type": "text/event-stream", "content-length": "999" };
  return new Response(new ReadableStream({ pull }), { status: 201, headers });
} };"""
ENDLESS = """export default { fetch() {
  const pull = async (controller) => {
    await new Promise((done) => setTimeout(done, 1));
    controller.enqueue(new Uint8Array(1));
  };
  return new Response(new ReadableStream({ pull }));
} };"""


def test_chunks_leave_one_by_one_after_the_head(scripts: Scripts) -> None:
    receiver = Receiver()
    scripts.receive(scripts.handler(COUNTS, stream=True), receiver)
    assert receiver.response is not None
    assert receiver.response.status == 201
    assert receiver.response.headers == [("content-type", "text/event-stream")]
    assert (receiver.log_then, receiver.parts) == (b"", [b"0;", b"1;", b"2;"])


@pytest.mark.parametrize(("stream", "meta"), [(False, {}), (True, {"REQUEST_METHOD": "HEAD"})])
def test_otherwise_the_answer_is_whole(
    scripts: Scripts, stream: bool, meta: dict[str, str]
) -> None:
    receiver = Receiver()
    source = COUNTS.replace(', "content-length": "999"', "")
    response = scripts.receive(scripts.handler(source, stream=stream), receiver, **meta)
    assert receiver.response is None
    assert response.body == (b"" if meta else b"0;1;2;")


def test_a_known_body_keeps_its_length(scripts: Scripts) -> None:
    receiver = Receiver()
    source = "export default () => new Response('whole')"
    response = scripts.receive(scripts.handler(source, stream=True), receiver)
    assert (receiver.response, response.body) == (None, b"whole")


def test_wait_until_follows_the_stream(scripts: Scripts) -> None:
    source = COUNTS.replace("fetch() {", "fetch(request, env, ctx) {").replace(
        "let n = 0;",
        "let n = 0; ctx.waitUntil(new Promise((r) => setTimeout(r, 50)).then(() => "
        "console.log('after')));",
    )
    receiver = Receiver()
    scripts.receive(scripts.handler(source, stream=True), receiver)
    assert len(receiver.parts) == 3
    assert scripts.log() == "closed\nafter\n"


def test_a_client_that_leaves_ends_the_guest(scripts: Scripts) -> None:
    receiver = Receiver(leaves_after=2)
    with pytest.raises(ClientLeft):
        scripts.receive(scripts.handler(ENDLESS, stream=True), receiver)
    assert len(receiver.parts) == 2


def test_so_it_does_while_the_guest_sleeps(scripts: Scripts) -> None:
    source = ENDLESS.replace("1));", "60000));")
    with pytest.raises(ClientLeft):
        scripts.receive(scripts.handler(source, stream=True), Receiver(leaves_after=0))


def test_an_error_in_the_stream_ends_the_run(scripts: Scripts) -> None:
    source = """export default () => new Response(new ReadableStream({ pull(controller) {
      controller.enqueue(new Uint8Array(2)); throw new RangeError("broke");
    } }));"""
    receiver = Receiver()
    with pytest.raises(GuestTrap, match="RangeError: broke"):
        scripts.receive(scripts.handler(source, stream=True), receiver)
    assert receiver.response is not None


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("new Response(ReadableStream.from(['text']))", 'gave "text"'),
    ],
)
def test_wrong_chunks_are_errors(scripts: Scripts, source: str, message: str) -> None:
    handler = scripts.handler(f"export default () => {source}", stream=True)
    with pytest.raises(GuestTrap, match=message):
        scripts.receive(handler, Receiver())


def test_headers_that_are_wrong_are_an_answer(scripts: Scripts) -> None:
    many = "Array.from({ length: 101 }, (_, i) => [`x-${i}`, '1'])"
    source = f"export default () => new Response(ReadableStream.from([]), {{ headers: {many} }})"
    receiver = Receiver()
    with pytest.raises(InvalidResponse, match="more than 100 headers"):
        scripts.receive(scripts.handler(source, stream=True), receiver)
    assert receiver.response is None
