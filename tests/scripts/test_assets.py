"""`env.ASSETS.fetch`: the manifest's files, for JavaScript."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from nexus.model import Files, Handler, Mount

from .support import Scripts

SOURCE = """
const described = async (response) => {
  const { status, url, headers, redirected } = response;
  const names = ["content-type", "content-range", "location", "content-length", "allow"];
  const found = Object.fromEntries(names.map((n) => [n, headers.get(n)]).filter(([, v]) => v));
  const tagged = headers.has("etag"), body = await response.text();
  return { status, url, redirected, tagged, ...found, body };
};
export default {
  async fetch(request, env) {
    const { calls } = await request.json();
    const answers = [];
    for (const [url, init] of calls) {
      try {
        answers.push(await described(await env.ASSETS.fetch(url, init)));
      } catch (error) {
        answers.push(String(error));
      }
    }
    return Response.json(answers);
  },
  run: (context, env) => env.ASSETS.fetch("http://x/a.txt").then((found) => found.text()),
};
"""


@pytest.fixture
def served(scripts: Scripts, tmp_path: Path) -> Handler:
    for name, content in {
        "public/index.html": "home",
        "public/a.txt": "0123456789",
        "public/404.html": "nothing",
        "more/ü.json": "{}",
        "secret": "secret",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    (tmp_path / "public/large").write_bytes(bytes(scripts.limits.max_response_bytes + 1))
    mounts = (Mount("/", tmp_path, "public"), Mount("/more", tmp_path, "more"))
    return replace(scripts.handler(SOURCE), route="/site", files=Files(mounts, 1 << 20))


def test_files_are_fetched(scripts: Scripts, served: Handler) -> None:
    calls = {
        "/a.txt": {"status": 200, "body": "0123456789"},
        "http://any/site/a.txt": {"status": 200, "body": "0123456789"},
        "/": {"status": 200, "body": "home", "content-type": "text/html; charset=utf-8"},
        "/site/": {"status": 200, "body": "home"},
        "/site/index.html?x=1": {"status": 307, "location": "/site/?x=1", "redirected": False},
        "/more/%C3%BC.json": {"status": 200, "body": "{}", "tagged": True},
        "/../secret": {"status": 404, "body": "nothing"},
        "/%2e%2e/secret": {"status": 404, "body": "nothing"},
        "/..%2fsecret": {"status": 404, "body": "nothing"},
        "/tmp/x": {"status": 404, "body": "nothing"},
    }
    body = json.dumps({"calls": [[url, {}] for url in calls]}).encode()
    found = json.loads(scripts.fetch(served, body, REQUEST_METHOD="POST").body)
    for (url, expected), answer in zip(calls.items(), found, strict=True):
        assert {key: answer[key] for key in expected} == expected, url
        assert answer["url"].startswith("http://")


def test_conditions_ranges_and_limits(scripts: Scripts, served: Handler) -> None:
    calls = [
        ["/a.txt", {"headers": {"Range": "bytes=2-4"}}],
        ["/a.txt", {"headers": {"If-None-Match": "*"}}],
        ["/a.txt", {"method": "HEAD"}],
        ["/a.txt", {"method": "DELETE"}],
        ["/large", {}],
    ]
    body = json.dumps({"calls": calls}).encode()
    part, same, head, refused, large = json.loads(
        scripts.fetch(served, body, REQUEST_METHOD="POST").body
    )
    assert (part["status"], part["body"], part["content-range"]) == (206, "234", "bytes 2-4/10")
    assert (same["status"], same["body"]) == (304, "")
    assert (head["status"], head["body"], head["content-length"]) == (200, "", "10")
    assert (refused["status"], refused["allow"]) == (405, "GET, HEAD")
    assert "max_response_bytes allows" in large
    assert scripts.evaluate(served, "{}") == "0123456789"


def test_without_files_there_is_no_binding(scripts: Scripts) -> None:
    served = scripts.handler("export default (_, env) => new Response(typeof env.ASSETS)")
    assert scripts.fetch(served).body == b"undefined"
