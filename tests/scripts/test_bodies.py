"""Bodies in the product: forms from any client, and bytes that have one owner."""

from __future__ import annotations

import json

import pytest

from .support import Scripts

FORM = """export default { async fetch(request) {
  const found = [];
  for (const [name, value] of await request.formData()) {
    found.push(typeof value === "string" ? [name, value] : [name, value.name, value.type,
      (await value.bytes()).toHex()]);
  }
  return Response.json(found);
} }"""

ALIAS = """
const streamOf = (...chunks) => new ReadableStream({
  start(c) { for (const chunk of chunks) c.enqueue(chunk); c.close(); } });
const bytes = () => new Uint8Array([1, 2, 3]);
const cases = {
  async responseClone() {
    const first = new Response(streamOf(bytes())), second = first.clone();
    (await first.bytes()).fill(0);
    return [...await second.bytes()];
  },
  async requestClone() {
    const options = { method: "POST", body: streamOf(bytes()), duplex: "half" };
    const first = new Request("http://x/", options), second = first.clone();
    (await first.bytes()).fill(0);
    return [...await second.bytes()];
  },
  async incoming(request) {
    const seen = request.body, copy = request.clone();
    (await request.bytes()).fill(0);
    return await copy.text() + Boolean(seen);
  },
  async incomingReader(request) {
    const copy = request.clone();
    (await request.body.getReader().read()).value.fill(42);
    return copy.text();
  },
  async cloneReader(request) {
    (await request.clone().body.getReader().read()).value.fill(42);
    return request.text();
  },
  async givenChunk() {
    const chunk = bytes(), read = await new Response(streamOf(chunk)).bytes();
    return [read === chunk, read.buffer === chunk.buffer];
  },
  async transfer() {
    const first = new Response(streamOf(bytes())), second = first.clone();
    (await first.arrayBuffer()).transfer();
    return [...await second.bytes()];
  },
  async part() {
    const part = new Uint8Array([9, 9, 1, 2, 9]).subarray(2, 4);
    return [...new Uint8Array(await new Response(streamOf(part)).arrayBuffer())];
  },
  async given() {
    const given = bytes(), response = new Response(given), blob = new Blob([given]);
    given.fill(9);
    return [...await response.bytes(), ...await blob.bytes()];
  },
  async blob() {
    const blob = new Blob([bytes()]);
    (await new Response(blob).body.getReader().read()).value.fill(0);
    (await new Response(blob).bytes()).fill(0);
    return [...await blob.bytes()];
  },
};
export default { async fetch(request) {
  return Response.json(await cases[new URL(request.url).pathname.split("/")[2]](request));
} };
"""


def form(scripts: Scripts, *heads: str) -> object:
    """What a handler reads in a form whose parts have these Content-Dispositions."""
    parts = "".join(f"--b\r\nContent-Disposition: {head}\r\n\r\nx\r\n" for head in heads)
    response = scripts.fetch(
        scripts.handler(FORM),
        f"{parts}--b--\r\n".encode(),
        REQUEST_METHOD="POST",
        CONTENT_TYPE='multipart/form-data; boundary="b"',
    )
    return json.loads(response.body)


def test_forms_are_parsed(scripts: Scripts) -> None:
    assert form(
        scripts,
        'form-data; name="back\\"',
        'form-data; name="a\\\\b"',
        'form-data; name="note; filename=evil"',
        'form-data; name="f"; filename="a\\"b"',
        "form-data; name=f; filename=plain; filename*=UTF-8''%E2%82%AC",
    ) == [
        ["back\\", "x"],
        ["a\\\\b", "x"],
        ["note; filename=evil", "x"],
        ["f", 'a"b', "text/plain", "78"],
        ["f", "€", "text/plain", "78"],
    ]


@pytest.mark.parametrize(
    ("case", "wanted"),
    [
        ("responseClone", [1, 2, 3]),
        ("requestClone", [1, 2, 3]),
        ("incoming", "bodytrue"),
        ("incomingReader", "body"),
        ("cloneReader", "body"),
        ("givenChunk", [False, False]),
        ("transfer", [1, 2, 3]),
        ("part", [1, 2]),
        ("given", [1, 2, 3, 1, 2, 3]),
        ("blob", [1, 2, 3]),
    ],
)
def test_bytes_have_one_owner(scripts: Scripts, case: str, wanted: object) -> None:
    response = scripts.fetch(
        scripts.handler(ALIAS),
        b"body",
        REQUEST_METHOD="POST",
        PATH_INFO=f"/alias/{case}",
    )
    assert json.loads(response.body) == wanted
