"""The examples in Python do what their README says."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import shlex
from importlib.metadata import files
from pathlib import Path
from typing import Any

import pytest

from nexus.guest.python.sources import read_bundle
from nexus.model import Handler
from tests.support import EXAMPLES

from .support import Pythons

SECRET = "whsec_example"
EVENT = {
    "id": "evt_1",
    "type": "payment.succeeded",
    "data": {"object": {"amount": 1250, "currency": "eur", "metadata": {"order": "A-7"}}},
}


def example(python: Pythons, path: str, **fields: Any) -> Handler:
    bundle = read_bundle(EXAMPLES / path)
    own = {name: text for name, text in bundle.files.items() if "site-packages" not in name}
    if "menu" in path:
        own |= flask_files()
    return python.handler({bundle.entry: own.pop(bundle.entry), **own}, **fields)


def flask_files() -> dict[str, bytes]:
    """Flask and what it needs, as `nexus vendor` would fetch them: here from Nexus's own."""
    needed = ("werkzeug", "jinja2", "markupsafe", "click", "itsdangerous", "blinker")
    return installed("flask", *needed)


def installed(*names: str) -> dict[str, bytes]:
    """The Python files of packages that are installed here, as files of a handler."""
    return {
        f"site-packages/{path}": Path(str(path.locate())).read_bytes()
        for name in names
        for path in files(name) or ()
        if path.suffix == ".py" or path.name in {"METADATA", "RECORD"}
    }


def payment(python: Pythons, event: object, secret: str = SECRET) -> tuple[int, bytes]:
    handler = example(python, "payments.py", env={"SECRET": SECRET})
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    sent = {"REQUEST_METHOD": "POST", "HTTP_X_SIGNATURE": f"sha256={signature}"}
    answer = python.fetch(handler, body, **sent)
    return answer.status, answer.body


def test_payments(python: Pythons) -> None:
    status, body = payment(python, EVENT)
    assert status == 200
    assert json.loads(body) == {"order": "A-7", "what": "paid", "amount": "12.50 EUR"}
    assert payment(python, EVENT, "another") == (401, b"wrong signature\n")
    assert payment(python, {**EVENT, "type": "payment.created"})[0] == 204
    assert payment(python, {**EVENT, "data": 1})[0] == 422
    assert payment(python, b"{")[0] == 422


def test_the_readmes_payment_is_signed() -> None:
    text = (EXAMPLES / "README.md").read_text()
    line = next(line for line in text.splitlines() if "8000/payments" in line)
    words = shlex.split(line)
    body, header = words[words.index("-d") + 1], words[words.index("-H") + 1]
    signature = hmac.new(SECRET.encode(), body.encode(), hashlib.sha256).hexdigest()
    assert header == f"X-Signature: sha256={signature}"
    assert json.loads(body) == EVENT


def test_approval_decides_alone(python: Pythons) -> None:
    handler = example(
        python, "approval.py", capabilities=("state:read:limit", "events:emit:decided")
    )
    args = {"who": "ann", "items": [{"price": 30, "count": 2}]}
    found = python.evaluate(handler, json.dumps({"args": args, "state": {"limit": 80}}))
    assert found == {"decision": "approved", "by": "rule", "total": 60}
    assert python.last.effects.events == [
        {"name": "decided", "payload": {"who": "ann", **found}},
    ]


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/", 200, r'<a href="/menu/dishes/curry">curry</a> 11.00'),
        ("/dishes/salad", 200, r'"price":8.25'),
        ("/dishes/<b>", 404, r"no dish &lt;b&gt;"),
    ],
)
def test_menu(python: Pythons, path: str, status: int, words: str) -> None:
    handler = example(python, "menu/main.py", route="/menu")
    answer = python.fetch(handler, SCRIPT_NAME="", PATH_INFO=f"/menu{path}")
    assert answer.status == status
    assert re.search(words, answer.body.decode())
