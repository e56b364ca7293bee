"""Calls a handler's module: its `fetch`, its WSGI callable, its `run` or its `scheduled`."""

import io
import sys
import types

import nexus_host
import nexus_later
import nexus_stream
from nexus_json import dumps

from nexus import Headers, Request, Response, ScheduledEvent

_JSON_HEAD = b'{"status": 200, "headers": [["content-type", "application/json"]]}'
_TEXT_HEAD = b'{"status": 200, "headers": [["content-type", "text/plain; charset=utf-8"]]}'
"""heads of answers, as JSON, to what handlers return most"""
_COROUTINE = types.CoroutineType
_IS_COROUTINE, _TAKES_MANY = 0x80, 0x4
"""flags of a function's code, as `inspect` names them"""


def serving(module):
    """Return a function for each kind of task, by the names that *module* defines."""
    made = {}
    fetch, run = getattr(module, "fetch", None), getattr(module, "run", None)
    scheduled = getattr(module, "scheduled", None)
    app = application(module)
    if callable(fetch):
        handle, takes = fetch, _most(fetch)
        made["http"] = lambda head, body: _fetched(handle, takes, head, body)
    elif callable(app):
        made["wsgi"] = lambda head, body: _wsgi(app, head, body)
    if callable(run):
        made["context"] = lambda head, body: _ran(run, head)
        made["answer"] = lambda head, body: _answered(head)
        made["timers"] = lambda head, body: _valued(loop().go_on())
    if callable(scheduled):
        most = _most(scheduled)
        made["scheduled"] = lambda head, body: _scheduled(scheduled, most, head)
    if not made:
        raise TypeError(
            "a handler defines fetch(request, env, ctx), a WSGI callable app or application, "
            "run(context) or scheduled(event, env, ctx)"
        )
    if "wsgi" not in made:
        made.setdefault("http", _refusing("HTTP requests: no fetch, app or application"))
    made.setdefault("context", _refusing("JSON contexts: no run"))
    made.setdefault("scheduled", _refusing("schedules: no scheduled"))
    return made


def application(module):
    """Return the module's WSGI callable, or None."""
    return getattr(module, "app", None) or getattr(module, "application", None)


def can_defer(module):
    """Return whether the module's `run` gives the loop back while it waits for an extension."""
    run = getattr(module, "run", None)
    if run is None or type(run) is types.FunctionType:
        return run is not None and bool(run.__code__.co_flags & _IS_COROUTINE)
    import inspect  # which takes long to import

    return inspect.iscoroutinefunction(run)


class Idle:
    """A handler to warm up with."""

    @staticmethod
    def fetch(request, env, ctx):
        request.headers.get("host")
        return Response.json(request.json())

    @staticmethod
    def run(context):
        return context


class IdleAsync:
    """A handler with async code to warm up with."""

    @staticmethod
    async def fetch(request, env, ctx):
        return Response("ok")


class IdleApp:
    """An application to warm up with."""

    @staticmethod
    def app(environ, start_response):
        start_response("200 OK", [("content-type", "text/plain")])
        return [b"ok"]


def _refusing(words):
    def refuse(head, body):
        raise TypeError(f"the handler takes no {words} is defined")

    return refuse


def _awaited(value):
    """Return *value*; run a coroutine and return its result."""
    return loop().run(value) if type(value) is _COROUTINE else value


def loop(asyncio=None):
    """Return the module with the event loop; its imports take a third of a set-up, so only handlers
    with async code load it."""
    import nexus_loop

    return nexus_loop


def _most(function):
    """Return how many of the three arguments of `fetch` *function* takes."""
    if type(function) is types.FunctionType and not hasattr(function, "__wrapped__"):
        code = function.__code__
        return 3 if code.co_flags & _TAKES_MANY else min(3, code.co_argcount)
    import inspect

    try:
        kinds = [p.kind for p in inspect.signature(function).parameters.values()]
    except (TypeError, ValueError):
        return 3
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        return 3
    return min(3, sum(kind in (0, 1) for kind in kinds))


# ---- fetch


def _fetched(fetch, takes, head, body):
    request = Request(head["method"], head["url"], Headers._of(head["headers"]), body)
    if takes == 1:
        value = fetch(request)
    else:
        value = fetch(*(request, head["env"], nexus_later.CONTEXT)[:takes])
    if type(value) is _COROUTINE:
        value = loop().run(value)
    if type(value) is dict:
        return _JSON_HEAD, dumps(value).encode()
    if type(value) is str:
        return _TEXT_HEAD, value.encode()
    response = _response(value)
    body = response.body
    if nexus_stream.iterates(body):
        answer = {"status": response.status, "headers": response.headers.items()}
        if nexus_stream.allowed:
            return nexus_stream.send_all(answer, body)
        return answer, nexus_stream.joined(body)
    content = response.encoded()
    return {"status": response.status, "headers": response.headers.items()}, content


def _response(value):
    if isinstance(value, Response):
        return value
    if isinstance(value, tuple):
        body, *rest = value
        status = next((part for part in rest if isinstance(part, int)), 200)
        headers = next((part for part in rest if not isinstance(part, int)), ())
        return Response(body, status, headers)
    if value is None:
        raise TypeError(
            "fetch returned None; it returns a Response, text, bytes, a dict or a tuple"
        )
    return Response(value)


# ---- WSGI (PEP 3333)


def _wsgi(app, head, body):
    environ = {
        **head["meta"],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": head["meta"].get("wsgi.url_scheme", "http"),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    started, parts = [], []
    take = parts.append

    def start_response(status, headers, exc_info=None):
        if exc_info is not None:
            started.clear()
        elif started:
            raise AssertionError("start_response was called twice")
        started.append((status, headers))
        return take

    if nexus_stream.allowed:
        take = _sender(started)
    nexus_stream.each(app(environ, start_response), take)
    if not started:
        raise AssertionError("the application did not call start_response")
    if nexus_stream.begun:
        return {}, b""
    return _answer(started), b"".join(parts)


def _answer(started):
    status, headers = started[-1]
    code, _, reason = status.partition(" ")
    return {"status": int(code), "reason": reason, "headers": headers}


def _sender(started):
    """Return a function that sends a part of the body, after the head."""

    def take(part):
        if part:
            if not nexus_stream.begun:
                if not started:
                    raise AssertionError("the application did not call start_response")
                nexus_stream.begin(_answer(started))
            nexus_stream.send(part)

    return take


# ---- schedules


def _scheduled(scheduled, takes, head):
    event = ScheduledEvent(head["cron"], head["due_ms"])
    _awaited(scheduled(*(event, head["env"], nexus_later.CONTEXT)[:takes]))
    nexus_later.finish_or_fail()
    return {"status": 204, "headers": []}, b""


# ---- JSON contexts


def _ran(run, head):
    return _valued(_awaited(run(head["context"])))


def _answered(head):
    answered = nexus_host.answered
    return _valued(loop().go_on(answered, head["number"], head["ok"], head["value"]))


def _valued(value):
    if type(value) is nexus_host.Waits:
        return {"waits": value.wake_s}, b""
    return {"value": value}, b""
