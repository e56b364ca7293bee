"""Stacks, weak references, messages and the event `error`, as node and the standards have them."""

from __future__ import annotations

import json
from typing import Any

from .support import Scripts


def answer(scripts: Scripts, body: str) -> Any:
    """Return what `body` returns, as JSON."""
    source = f"export default async () => Response.json(await (async () => {{ {body} }})());"
    return json.loads(scripts.fetch(scripts.handler(source)).body)


def test_a_stack_begins_with_the_error(scripts: Scripts) -> None:
    body = """
    class Mine extends RangeError { get name() { return "Mine"; } }
    const thrown = [new TypeError("boom"), new Mine("two\\nlines")];
    try { null.x; } catch (error) { thrown.push(error); }
    try { atob("*"); } catch (error) { thrown.push(error); }
    return thrown.map(({ stack }) => stack.split("\\n    at ").slice(0, 2));"""
    found = answer(scripts, body)
    assert [head for head, _ in found[:2]] == ["TypeError: boom", "Mine: two\nlines"]
    assert found[2][0].startswith("TypeError: cannot read property 'x' of null")
    assert found[3][0].startswith("InvalidCharacterError: ")
    assert all("(hello.js:" in frame for _, frame in found[:3])


def test_a_library_may_format_stacks_itself(scripts: Scripts) -> None:
    body = """
    const usual = Error.prepareStackTrace;
    Error.prepareStackTrace = (error, sites) => sites[0].getFileName();
    const { stack } = new Error("x");
    Error.prepareStackTrace = usual;
    return [stack, new Error("y").stack.split("\\n")[0]];"""
    assert answer(scripts, body) == ["hello.js", "Error: y"]


def test_the_log_shows_an_error_once(scripts: Scripts) -> None:
    body = 'console.error(new TypeError("boom")); return 1;'
    answer(scripts, body)
    log = scripts.last.stderr.decode()
    assert log.count("TypeError: boom") == 1
    assert "hello.js:1" in log


def test_a_weak_references_target_lives_to_the_end_of_the_turn(scripts: Scripts) -> None:
    body = """
    const ref = new WeakRef({ a: 1 });
    const before = typeof ref.deref();
    await undefined;
    const same = ref.deref() === ref.deref();
    await new Promise((resolve) => setTimeout(resolve, 0));
    return [before, same, typeof ref.deref(), ref instanceof WeakRef, `${ref}`];"""
    assert answer(scripts, body) == ["object", True, "undefined", True, "[object WeakRef]"]


def test_a_channel_may_be_made_while_loading(scripts: Scripts) -> None:
    source = """const channel = new MessageChannel();
    export default async () => {
      const found = [];
      const done = new Promise((resolve) => {
        channel.port2.onmessage = ({ data, constructor }) => {
          found.push(data);
          if (data === "last") resolve();
        };
      });
      const sent = { list: [1, 2] };
      channel.port1.postMessage(sent);
      sent.list.push(3);
      channel.port1.postMessage("last");
      found.push("posted");
      await done;
      channel.port1.close();
      channel.port1.postMessage("lost");
      return Response.json(found);
    }"""
    handler = scripts.handler(source)
    for _ in range(2):
        found = json.loads(scripts.fetch(handler).body)
        assert found == ["posted", {"list": [1, 2]}, "last"]


def test_a_buffer_is_transferred_to_a_port(scripts: Scripts) -> None:
    body = """
    const { port1, port2 } = new MessageChannel();
    const got = new Promise((resolve) => port2.addEventListener("message", resolve));
    port2.start();
    const bytes = new Uint8Array([1, 2]);
    port1.postMessage(bytes, [bytes.buffer]);
    const event = await got;
    return [bytes.length, [...event.data], event instanceof MessageEvent, event.ports];"""
    assert answer(scripts, body) == [0, [1, 2], True, []]


def test_a_listener_of_the_event_error_hears_what_nobody_catches(scripts: Scripts) -> None:
    body = """
    const found = [];
    addEventListener("error", (event) => {
      found.push([event.constructor.name, event.message, event.error.name, event.lineno > 0]);
      event.preventDefault();
    });
    setTimeout(() => { throw new TypeError("late"); }, 0);
    reportError(new RangeError("told"));
    await new Promise((resolve) => setTimeout(resolve, 5));
    return found;"""
    assert answer(scripts, body) == [
        ["ErrorEvent", "Uncaught RangeError: told", "RangeError", True],
        ["ErrorEvent", "Uncaught TypeError: late", "TypeError", True],
    ]
    assert b"Uncaught" not in scripts.last.stderr


def test_onerror_that_returns_true_keeps_an_error_from_the_log(scripts: Scripts) -> None:
    body = """
    const found = [];
    onerror = (...args) => { found.push(args.length, args[0]); return found.length < 3; };
    reportError(new Error("first"));
    reportError(new Error("second"));
    return found;"""
    assert answer(scripts, body) == [5, "Uncaught Error: first", 5, "Uncaught Error: second"]
    log = scripts.last.stderr.decode()
    assert ("first" in log, "second" in log) == (False, True)


def test_a_listener_that_throws_is_logged_and_not_told(scripts: Scripts) -> None:
    body = """
    let count = 0;
    addEventListener("error", () => { count++; throw new Error("worse"); });
    reportError(new Error("bad"));
    return count;"""
    assert answer(scripts, body) == 1
    log = scripts.last.stderr.decode()
    assert ("worse" in log, "Uncaught Error: bad" in log) == (True, True)


FLOATING = "Promise.reject(new Error('nobody waits'));"


def test_an_unhandled_rejection_reaches_its_listeners(scripts: Scripts) -> None:
    body = f"""
    const found = [];
    addEventListener("unhandledrejection", (event) => {{
      found.push([event.constructor.name, event.reason.message, event.promise instanceof Promise]);
      event.preventDefault();
    }});
    onunhandledrejection = (event) => found.push(event.type);
    {FLOATING}
    await new Promise((resolve) => setTimeout(resolve, 1));
    return found;"""
    assert answer(scripts, body) == [
        "unhandledrejection",
        ["PromiseRejectionEvent", "nobody waits", True],
    ]
    assert b"nobody waits" not in scripts.last.stderr


def test_an_unhandled_rejection_that_nobody_prevents_is_logged(scripts: Scripts) -> None:
    for listener in ("", "onunhandledrejection = () => {};"):
        assert answer(scripts, f"{listener} {FLOATING} return 1;") == 1
        assert b"nobody waits" in scripts.last.stderr


def test_a_rejection_that_is_handled_later_reaches_its_listeners(scripts: Scripts) -> None:
    body = """
    const found = [];
    const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    onunhandledrejection = (event) => { event.preventDefault(); found.push(event.type); };
    onrejectionhandled = (event) => found.push([event.type, event.reason, event.promise === late]);
    addEventListener("rejectionhandled", (event) => found.push(event.cancelable));
    Promise.reject("never");
    const late = Promise.reject("late");
    await wait(1);
    found.push(await late.catch(() => "caught"));
    await wait(1);
    await wait(1);
    return found;"""
    assert answer(scripts, body) == [
        "unhandledrejection",
        "unhandledrejection",
        "caught",
        ["rejectionhandled", "late", True],
        False,
    ]


def test_a_listener_of_rejections_may_let_the_answer_go_on(scripts: Scripts) -> None:
    body = """
    return await new Promise((resolve) => {
      onunhandledrejection = (event) => { event.preventDefault(); resolve(event.reason); };
      Promise.reject("why");
    });"""
    assert answer(scripts, body) == "why"
