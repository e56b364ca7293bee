"""Handlers in Python: how they are called, what they answer, and how they fail."""

from __future__ import annotations

import json

import pytest

from nexus.errors import (
    CompilationError,
    GuestTrap,
    StackLimit,
)

from .support import Pythons

COUNTING = """
import json
seen = []
def fetch(request, env, ctx):
    seen.append(request.path)
    return {"seen": seen, "sum": sum(request.json()["values"]), "host": request.headers["host"]}
"""


def test_each_request_starts_from_the_same_state(python: Pythons) -> None:
    handler, made = python.handler(COUNTING), python.pool.instances_created()
    for _ in range(3):
        answer = python.fetch(handler, b'{"values": [1, 2, 3.5]}', REQUEST_METHOD="POST")
        assert json.loads(answer.body) == {"seen": ["/hello"], "sum": 6.5, "host": "test"}
        assert answer.headers == [("content-type", "application/json")]
    assert python.pool.instances_created() == made + 1


@pytest.mark.parametrize(
    ("returned", "status", "body", "kind"),
    [
        ("'text'", 200, b"text", "text/plain; charset=utf-8"),
        ("b'bytes'", 200, b"bytes", None),
        ("[1, 2]", 200, b"[1, 2]", "application/json"),
        ("('made', 201)", 201, b"made", "text/plain; charset=utf-8"),
        ("('x', 202, {'Content-Type': 'a/b'})", 202, b"x", "a/b"),
        ("Response('gone', 410)", 410, b"gone", "text/plain; charset=utf-8"),
        ("Response.json({'a': 1}, headers=[('x-a', '1')])", 200, b'{"a": 1}', "application/json"),
    ],
)
def test_what_fetch_may_return(
    python: Pythons, returned: str, status: int, body: bytes, kind: str | None
) -> None:
    source = f"from nexus import Response\ndef fetch(request): return {returned}"
    answer = python.fetch(python.handler(source))
    assert (answer.status, answer.body) == (status, body)
    headers = {name.lower(): value for name, value in answer.headers}
    assert headers.get("content-type") == kind


def test_json_of_what_people_put_into_answers(python: Pythons) -> None:
    source = """
import dataclasses, datetime, decimal, uuid
@dataclasses.dataclass
class Item:
    price: decimal.Decimal
def fetch(request):
    if request.body:
        return {"a": object()}
    day = datetime.date(2026, 11, 28)
    at = datetime.datetime(2026, 11, 28, 12, tzinfo=datetime.timezone.utc)
    headers = dict(request.headers)
    return {"day": day, "at": at, "time": at.time(), "items": [Item(decimal.Decimal("1.50"))],
            "id": uuid.UUID(int=1), "host": headers["host"], "n": len(request.headers.values())}
"""
    handler = python.handler(source)
    assert json.loads(python.fetch(handler).body) == {
        "day": "2026-11-28",
        "at": "2026-11-28T12:00:00+00:00",
        "time": "12:00:00",
        "items": [{"price": "1.50"}],
        "id": "00000000-0000-0000-0000-000000000001",
        "host": "test",
        "n": 1,
    }
    with pytest.raises(GuestTrap, match="Object of type object is not JSON serializable"):
        python.fetch(handler, b"x", REQUEST_METHOD="POST")


def test_a_request_has_its_parts(python: Pythons) -> None:
    source = """
def fetch(request, env):
    return {"method": request.method, "url": request.url, "query": request.query,
            "all": request.headers.get_all("x-a"), "text": request.text(), "env": env}
"""
    handler = python.handler(source, env={"MODE": "test"})
    meta = {"QUERY_STRING": "a=1&b=%20", "HTTP_X_A": "v", "REQUEST_METHOD": "PUT"}
    found = json.loads(python.fetch(handler, "käse".encode(), **meta).body)
    assert found == {
        "method": "PUT",
        "url": "http://test/hello?a=1&b=%20",
        "query": {"a": "1", "b": " "},
        "all": ["v"],
        "text": "käse",
        "env": {"MODE": "test"},
    }


def test_forms(python: Pythons) -> None:
    source = """
from nexus import File
def fetch(request):
    return {name: [v.filename, v.content_type, v.read().decode(), v.text()]
            if isinstance(v, File) else v for name, v in request.form().items()}
"""
    handler = python.handler(source)
    plain = {"CONTENT_TYPE": "application/x-www-form-urlencoded", "REQUEST_METHOD": "POST"}
    assert json.loads(python.fetch(handler, b"a=1&b=x+y", **plain).body) == {"a": "1", "b": "x y"}
    body = (
        b'--B\r\nContent-Disposition: form-data; name="t"\r\n\r\ntext\r\n'
        b'--B\r\nContent-Disposition: form-data; name="f"; filename="a.csv"\r\n'
        b"Content-Type: text/csv\r\n\r\n1,2\r\n--B--\r\n"
    )
    several = {"CONTENT_TYPE": "multipart/form-data; boundary=B", "REQUEST_METHOD": "POST"}
    found = json.loads(python.fetch(handler, body, **several).body)
    assert found == {"t": "text", "f": ["a.csv", "text/csv", "1,2", "1,2"]}


def test_async_handlers(python: Pythons) -> None:
    source = """
import asyncio
async def later(value, seconds):
    await asyncio.sleep(seconds)
    return value
async def fetch(request):
    values = await asyncio.gather(later(1, 0.02), later(2, 0.01), later(3, 0))
    try:
        await asyncio.wait_for(later(4, 5), 0.01)
    except asyncio.TimeoutError:
        values.append("late")
    return values
"""
    assert json.loads(python.fetch(python.handler(source)).body) == [1, 2, 3, "late"]


def test_a_wsgi_application(python: Pythons) -> None:
    source = """
closed = []
class Body:
    def __init__(self, parts): self.parts = parts
    def __iter__(self): return iter(self.parts)
    def close(self): print("closed")
def app(environ, start_response):
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    write = start_response("201 Made", [("X-A", "b"), ("Content-Type", "text/plain")])
    write(environ["SCRIPT_NAME"].encode() + b" " + environ["PATH_INFO"].encode() + b" ")
    return Body([body, b"!"])
"""
    handler = python.handler(source)
    answer = python.fetch(handler, b"body", PATH_INFO="/hello/a", REQUEST_METHOD="POST")
    assert (answer.status, answer.reason, answer.body) == (201, "Made", b"/hello /a body!")
    assert ("X-A", "b") in answer.headers
    assert python.log() == "closed\n"


def test_json_contexts(python: Pythons) -> None:
    handler = python.handler("def run(context): return {'n': context['args']['n'] * 2}")
    assert python.evaluate(handler, '{"args": {"n": 21}}') == {"n": 42}
    with pytest.raises(GuestTrap, match="takes no HTTP requests"):
        python.fetch(handler)
    waiting = python.handler(
        "import asyncio\nasync def run(context):\n    await asyncio.sleep(0)\n    return 7"
    )
    assert python.evaluate(waiting, "{}") == 7
    wrong = python.handler("def run(context): return object()")
    with pytest.raises(GuestTrap, match="not JSON serializable"):
        python.evaluate(wrong, "{}")


def test_a_context_has_only_the_state_that_the_manifest_grants(python: Pythons) -> None:
    source = "def run(context): return context['state']"
    handler = python.handler(source, capabilities=("state:read:a",))
    assert python.evaluate(handler, '{"state": {"a": 1, "b": 2}}') == {"a": 1}
    assert python.evaluate(python.handler(source), '{"state": {"a": 1}}') == {}


def test_files_import_each_other(python: Pythons) -> None:
    files = {
        "main.py": "from lib.words import greet\ndef fetch(request): return greet()",
        "lib/__init__.py": "",
        "lib/words.py": "from . import names\ndef greet(): return 'hello ' + names.WHO",
        "lib/names.py": "WHO = 'you'",
    }
    assert python.fetch(python.handler(files)).body == b"hello you"


def test_packages_need_no_init_file_and_modules_know_their_file(python: Pythons) -> None:
    """Flask has a package without `__init__.py`; Bottle reads `__file__` as it is imported."""
    files = {
        "main.py": "from lib.inner.words import where\ndef fetch(request): return where",
        "lib/inner/words.py": "where = __file__",
    }
    assert python.fetch(python.handler(files)).body == b"/lib/inner/words.py"


def test_an_error_has_a_traceback_of_the_handlers_lines(python: Pythons) -> None:
    source = "def fetch(request):\n    return helper()\ndef helper():\n    return 1 // 0\n"
    error = python.failure(python.handler(source))
    assert isinstance(error, GuestTrap)
    assert str(error) == "ZeroDivisionError: integer division or modulo by zero"
    log = python.log()
    assert '<+>  File "hello.py", line 2, in fetch\n<+>    return helper()' in log
    assert '<+>  File "hello.py", line 4, in helper\n<+>    return 1 // 0' in log
    assert "boot" not in log


def test_the_traceback_of_a_deep_recursion_has_both_ends(python: Pythons) -> None:
    source = "def fetch(request):\n    return helper(0)\ndef helper(n):\n    return helper(n + 1)\n"
    assert isinstance(python.failure(python.handler(source)), StackLimit)
    outermost, innermost = python.log().split(" frames left out]\n")
    assert "line 2, in fetch\n" in outermost
    assert "[Previous line repeated 97 more times]" in innermost


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("x = (\n", 'File "hello.py", line 1\n    x = ('),
        ("import gone", "ModuleNotFoundError: No module named 'gone'"),
        ("x = 1 // 0", "ZeroDivisionError"),
        ("x = 1", "a handler defines fetch(request, env, ctx), a WSGI callable"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("open('/etc/passwd')", "FileNotFoundError"),
    ],
)
def test_a_handler_that_does_not_load(python: Pythons, source: str, words: str) -> None:
    with pytest.raises(CompilationError, match=r"hello\.py: while it was loaded:") as caught:
        python.handler(source)
    assert words in str(caught.value)


def test_print_and_logging_go_to_the_log(python: Pythons) -> None:
    source = """
import logging, sys
def fetch(request):
    print("printed"); print("to stderr", file=sys.stderr)
    logging.warning("warned")
    return ""
"""
    python.fetch(python.handler(source))
    assert python.log() == "printed\nto stderr\n<4>WARNING:root:warned\n"
