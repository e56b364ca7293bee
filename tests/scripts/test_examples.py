"""The examples in JavaScript do what their README says."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from pathlib import Path

import pytest

from nexus.guest.js.sources import read_bundle
from nexus.handlers.files import files_of
from nexus.handlers.manifest import load_manifest
from nexus.model import Handler
from tests.clients import Receiver

from .support import Scripts

EXAMPLES = Path(__file__).parents[2] / "examples"
SECRET = "It's a Secret to Everybody"


def example(scripts: Scripts, path: str, **fields: object) -> Handler:
    bundle = read_bundle(EXAMPLES / path)
    files = {bundle.entry: bundle.files[bundle.entry], **bundle.files}
    return scripts.handler({name: text.decode() for name, text in files.items()}, **fields)


def test_transform(scripts: Scripts) -> None:
    handler = example(scripts, "transform.js")
    orders = [
        {"customer": "ann", "items": [{"price": 2, "count": 3}, {"price": 1}]},
        {"customer": "bob", "items": []},
    ]
    response = scripts.fetch(handler, json.dumps(orders).encode(), REQUEST_METHOD="POST")
    assert json.loads(response.body) == {"customers": 2, "totals": {"ann": 7, "bob": 0}}
    assert scripts.fetch(handler, b"{", REQUEST_METHOD="POST").status == 400
    assert scripts.fetch(handler, b"{}", REQUEST_METHOD="POST").status == 422
    assert scripts.fetch(handler).status == 405


def test_events(scripts: Scripts) -> None:
    receiver = Receiver()
    query = {"RAW_URI": "/events?from=2&every=1"}
    scripts.receive(example(scripts, "events.js", stream=True), receiver, **query)
    assert receiver.response is not None
    assert ("content-type", "text/event-stream") in receiver.response.headers
    assert receiver.parts == [
        b"id: 0\nevent: left\ndata: 2\n\n",
        b"id: 1\nevent: left\ndata: 1\n\n",
        b"event: done\ndata: 0\n\n",
    ]
    assert scripts.fetch(example(scripts, "events.js"), RAW_URI="/events?from=x").status == 400


def test_shelf(scripts: Scripts) -> None:
    folder = EXAMPLES / "shelf"
    files = files_of(load_manifest(EXAMPLES / "shelf.toml", "shelf").files, None, folder, "")
    served = replace(example(scripts, "shelf/index.js", route="/shelf"), files=files)

    def fetch(target: str) -> tuple[int, dict[str, str], bytes]:
        found = scripts.fetch(served, RAW_URI=target, PATH_INFO=target.partition("?")[0])
        return found.status, dict(found.headers), found.body

    status, headers, body = fetch("/shelf/")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert body == (folder / "public/index.html").read_bytes()
    assert fetch("/shelf/style.css")[1]["content-type"] == "text/css; charset=utf-8"
    assert fetch("/shelf/index.html")[0] == 307
    assert fetch("/shelf/gone")[0] == 404
    found = json.loads(fetch("/shelf/api/books?q=solaris%20lem")[2])
    assert [book["title"] for book in found] == ["Solaris"]


@pytest.mark.parametrize(("secret", "status"), [(SECRET, 200), ("another", 401)])
def test_webhook(scripts: Scripts, secret: str, status: int) -> None:
    handler = example(scripts, "webhook.js", env={"SECRET": SECRET})
    body = b'{"ref": "refs/heads/main", "commits": [1, 2]}'
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    response = scripts.fetch(
        handler,
        body,
        REQUEST_METHOD="POST",
        HTTP_X_HUB_SIGNATURE_256=f"sha256={signature}",
        HTTP_X_GITHUB_EVENT="push",
    )
    assert response.status == status
    assert (response.body == b"2 commits to refs/heads/main\n") == (status == 200)


def test_a_webhook_without_signature(scripts: Scripts) -> None:
    handler = example(scripts, "webhook.js", env={"SECRET": SECRET})
    assert scripts.fetch(handler, b"{}", REQUEST_METHOD="POST").status == 401


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/pages", 200, '<a href="/pages/planets/mars">Mars</a>'),
        ("/pages/planets/neptune", 200, "<p>Neptune has 16 known moons.</p>"),
        ("/pages/planets/%3Cb%3E", 404, "no planet “&lt;b&gt;”"),
        ("/pages/nowhere", 404, "not found"),
    ],
)
def test_pages(scripts: Scripts, path: str, status: int, words: str) -> None:
    response = scripts.fetch(example(scripts, "pages/index.js"), RAW_URI=path)
    assert response.status == status
    assert words in response.body.decode()
