"""Handlers in the style of service workers: a listener of the event `fetch`, and no export."""

from __future__ import annotations

import json

import pytest

from nexus.errors import CompilationError, GuestTrap

from .support import Scripts

GREETING = """addEventListener("fetch", (event) => {
  event.respondWith(new Response(`${event.type} ${event.request.method} ${event.request.url}`));
});"""


def test_a_listener_answers(scripts: Scripts) -> None:
    response = scripts.fetch(scripts.handler(GREETING), RAW_URI="/hello/a?b")
    assert response.body == b"fetch GET http://test/hello/a?b"


def test_an_answer_may_come_later_and_the_first_counts(scripts: Scripts) -> None:
    served = scripts.handler(
        """self.addEventListener("fetch", (event) => {
          event.respondWith((async () => new Response(await event.request.text() + "!"))());
        });
        addEventListener("fetch", (event) => event.respondWith(new Response("second")));"""
    )
    assert scripts.fetch(served, b"body", REQUEST_METHOD="POST").body == b"body!"


def test_wait_until_is_waited_for(scripts: Scripts) -> None:
    served = scripts.handler(
        """addEventListener("fetch", (event) => {
          event.waitUntil(Promise.resolve().then(() => console.log("after")));
          event.passThroughOnException();
          event.respondWith(new Response("ok"));
        });"""
    )
    assert scripts.fetch(served).body == b"ok"


def test_a_default_export_wins(scripts: Scripts) -> None:
    served = scripts.handler(GREETING + "export default () => new Response('exported');")
    assert scripts.fetch(served).body == b"exported"


@pytest.mark.parametrize(
    ("listener", "message"),
    [
        ("throw new RangeError('no');", "RangeError: no"),
        ("", "No listener of the event fetch has called event.respondWith"),
        ("setTimeout(() => event.respondWith(new Response()));", "No listener"),
        ("event.respondWith(5);", "must give a Response"),
        ("event.respondWith(new Response(1)); event.respondWith(2);", ""),
        ("event.respondWith(Promise.reject(new Error('later')));", "Error: later"),
    ],
)
def test_a_listener_that_gives_no_answer(scripts: Scripts, listener: str, message: str) -> None:
    served = scripts.handler(f"addEventListener('fetch', (event) => {{ {listener} }});")
    if not message:  # the second answer throws within the listener, after the first
        assert scripts.fetch(served).body == b"1"
        return
    with pytest.raises(GuestTrap, match=message):
        scripts.fetch(served)


def test_without_listener_and_export_it_is_refused(scripts: Scripts) -> None:
    with pytest.raises(CompilationError, match="or a listener of the event `fetch`"):
        scripts.handler("addEventListener('install', () => {});")


def test_events_of_the_global_scope(scripts: Scripts) -> None:
    served = scripts.handler(
        """const seen = [];
        const listener = (event) => seen.push(event.type);
        addEventListener("custom", listener);
        export default () => {
          dispatchEvent(new Event("custom"));
          removeEventListener("custom", listener);
          dispatchEvent(new Event("custom"));
          const made = new FetchEvent("fetch", { request: new Request("http://h/") });
          let refused = [];
          for (const call of [() => made.waitUntil(1), () => made.respondWith(1),
                              () => new FetchEvent("fetch")]) {
            try { call(); } catch (error) { refused.push(error.name); }
          }
          return Response.json([seen, refused, made instanceof ExtendableEvent]);
        };"""
    )
    expected = [["custom"], ["InvalidStateError", "InvalidStateError", "TypeError"], True]
    assert json.loads(scripts.fetch(served).body) == expected
