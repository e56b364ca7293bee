"""Code that asks the host often: clocks, timers and random values must not use its calls up."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from nexus.errors import ResourceLimit

from .support import LIMITS, Scripts

HMAC = """const name = { name: "HMAC", hash: "SHA-256" }, eight = new Uint8Array(8);
const key = await crypto.subtle.importKey("raw", new Uint8Array(32), name, false, ["sign"]);"""


@pytest.mark.parametrize(
    "body",
    [
        "Array.from({ length: 5000 }, () => new Date());",
        "for (let n = 0; n < 500; n++) await new Promise((done) => setTimeout(done, 0));",
        f"{HMAC} for (let n = 0; n < 600; n++) await crypto.subtle.sign('HMAC', key, eight);",
        "for (let n = 0; n < 5000; n++) crypto.randomUUID();",
        "for (let n = 0; n < 20_000; n++) Math.random();",
    ],
)
def test_usual_work_is_within_the_default_limit(scripts: Scripts, body: str) -> None:
    handler = scripts.handler(f"export default async () => {{ {body} return new Response('ok'); }}")
    assert scripts.fetch(handler).body == b"ok"


def test_the_error_names_the_call(scripts: Scripts) -> None:
    handler = scripts.handler(
        "export default () => { for (;;) console.log(1); }",
        limits=replace(LIMITS, max_host_calls=50),
    )
    with pytest.raises(ResourceLimit, match="more than 50 host calls; the last was fd_write"):
        scripts.fetch(handler)


def test_random_values_differ_within_and_between_requests(scripts: Scripts) -> None:
    handler = scripts.handler(
        """export default () => {
          const found = [];
          for (let n = 0; n < 200; n++) {
            found.push(crypto.randomUUID());
            found.push(Array.from(crypto.getRandomValues(new Uint8Array(1 + n))).join());
          }
          return Response.json(found.filter((text) => text.length > 20));
        };"""
    )
    seen = [text for _ in range(5) for text in json.loads(scripts.fetch(handler).body)]
    assert len(seen) == len(set(seen)) > 1500
